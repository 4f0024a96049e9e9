"""Residency at run time: what preview refuses, the API server refuses too, whoever asks and in whatever namespace.

Owns: one admission policy for each way out of a cluster, with the preview rule that it is the twin of. Refuses to own:
the decision (ringfence.spec.residency, through reach.py) and what bounds tenants in their own namespaces
(admission_rules.py).

A policy names what may be: hosts and places of the platform file that are proven for the classes concerned. Anything
else is refused, also by an operator's hand; a new destination is a line in the file and a reviewed update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ringfence.planning import lineage
from ringfence.planning.labels import DATA_CLASS, DATA_CLASS_SEPARATOR, KUBERNETES_PREFIX
from ringfence.planning.tenancy.cel import AdmissionPolicy, cel_list, refusing
from ringfence.planning.tenancy.reach import Destination, artefact_hosts, backup_places, destinations, metrics_hosts
from ringfence.spec.platform import Platform

IN_CLUSTER = ".svc.cluster.local"

TWINS: Mapping[str, str] = {
    "ringfence-residency-backends": "ai-prompts",
    "ringfence-residency-routes": "ai-prompts",
    "ringfence-residency-mirrors": "routing-destination",
    "ringfence-residency-services": "routing-destination",
    "ringfence-residency-backups": "backup-location",
    "ringfence-residency-metrics": "telemetry-destination",
    "ringfence-residency-metrics-agents": "telemetry-destination",
    "ringfence-residency-collectors": "telemetry-destination",
    "ringfence-residency-datadog": "telemetry-destination",
    "ringfence-residency-releases": "telemetry-destination",
    "ringfence-tenant-claims": "residency-location",
    "ringfence-tenant-placement": "tenancy-placement",
}
"""Admission policy to the rule that says no to the same object at preview (docs/rules)."""


def residency_policies(platform: Platform, cluster: str) -> tuple[AdmissionPolicy, ...]:
    """The policies of a cluster, each for all of its namespaces."""
    reached = destinations(platform, cluster)
    carried = lineage.classes_of_cluster(platform, cluster)
    everywhere = [each.host for each in reached if carried <= each.classes]
    metrics = metrics_hosts(platform, cluster)
    sinks = _sinks([*everywhere, *metrics, *artefact_hosts(platform, cluster)])
    return (
        _backends([each.host for each in reached if each.classes]),
        _routes(reached),
        _mirrors(),
        _services([*everywhere, *metrics]),
        _backups(platform, cluster),
        *_metrics(metrics),
        *_telemetry(sinks),
    )


def _backends(hosts: Iterable[str]) -> AdmissionPolicy:
    """A gateway talks to models in the cluster and to hosts that some data class may go to."""
    fqdn = f"e.fqdn.hostname.endsWith('{IN_CLUSTER}') || e.fqdn.hostname in {cel_list(tuple(sorted(set(hosts))))}"
    return refusing(
        "ringfence-residency-backends",
        ("gateway.envoyproxy.io", "v1alpha1", "backends"),
        unless="!has(object.spec.endpoints) || object.spec.endpoints.all(e, has(e.fqdn) && (" + fqdn + "))",
        message="a backend outside the cluster is a host that the platform file names and residency allows",
    )


def _routes(reached: Iterable[Destination]) -> AdmissionPolicy:
    """Every backend of a model's route, its fallbacks among them, may process what the route is labelled with."""
    entries = (f"'{each.name}': {cel_list(tuple(sorted(each.classes)))}" for each in reached)
    label, labels = KUBERNETES_PREFIX + DATA_CLASS, "object.metadata.labels"
    held = f"has({labels}) && '{label}' in {labels} ? {labels}['{label}'].split('{DATA_CLASS_SEPARATOR}') : []"
    outside = "b.name in variables.reached && variables.classes.size() > 0"
    return refusing(
        "ringfence-residency-routes",
        ("aigateway.envoyproxy.io", "v1beta1", "aigatewayroutes"),
        unless="object.spec.rules.all(r, !has(r.backendRefs) || r.backendRefs.all(b,"
        " !has(b.namespace) && (b.name.startsWith('model.')"
        f" || ({outside} && variables.classes.all(c, c in variables.reached[b.name])))))",
        message="a backend of the route, or one it falls back to, may not process the route's data classes",
        variables=(("reached", "{" + ", ".join(entries) + "}"), ("classes", held)),
    )


def _mirrors() -> AdmissionPolicy:
    """A copy of traffic stays with Services of the cluster."""
    mirrored = "!has(f.requestMirror) || !has(f.requestMirror.backendRef.kind)"
    inside = f"{mirrored} || f.requestMirror.backendRef.kind == 'Service'"
    filters = f"(!has(x.filters) || x.filters.all(f, {inside}))"
    return refusing(
        "ringfence-residency-mirrors",
        ("gateway.networking.k8s.io", "v1", "httproutes", "grpcroutes"),
        unless="!has(object.spec.rules) || object.spec.rules.all(x, "
        + filters
        + " && (!has(x.backendRefs) || x.backendRefs.all(y, "
        + filters.replace("x.", "y.")
        + ")))",
        message="a route may mirror requests to Services of this cluster only",
    )


def _services(hosts: Iterable[str]) -> AdmissionPolicy:
    """A name of the cluster leads out of it only to where everything on the cluster may be processed."""
    name = "object.spec.externalName"
    allowed = f"{name}.endsWith('{IN_CLUSTER}') || {name} in {cel_list(tuple(sorted(set(hosts))))}"
    return refusing(
        "ringfence-residency-services",
        ("", "v1", "services"),
        unless="!has(object.spec.type) || object.spec.type != 'ExternalName' || " + allowed,
        message="an ExternalName leads to a host where not all of the cluster's data classes may be processed",
    )


def _backups(platform: Platform, cluster: str) -> AdmissionPolicy:
    """Backups rest where the file says, and nowhere else."""
    config = "object.spec.config"

    def held(key: str, value: str | None) -> str:
        if value is None:
            return f"(!has({config}) || !('{key}' in {config}))"
        return f"(has({config}) && '{key}' in {config} && {config}['{key}'] == '{value}')"

    places = [
        f"(object.spec.objectStorage.bucket == '{place.bucket}' && {held('s3Url', place.endpoint)}"
        f" && (!has({config}) || !('region' in {config}) || {config}['region'] == '{place.region}'))"
        for place in backup_places(platform, cluster)
    ]
    return refusing(
        "ringfence-residency-backups",
        ("velero.io", "v1", "backupstoragelocations"),
        unless="has(object.spec.objectStorage) && (" + (" || ".join(places) or "false") + ")",
        message="backups of this cluster rest in the bucket that the platform file names, and nowhere else",
    )


def _metrics(hosts: Iterable[str]) -> tuple[AdmissionPolicy, ...]:
    """Metrics are sent inside the cluster and to the platform's own receiver."""
    host = "url(w.url).getHostname()"
    allowed = f"isURL(w.url) && ({host}.endsWith('.svc') || {host}.endsWith('{IN_CLUSTER}')" + (
        f" || {host} in {cel_list(tuple(hosts))})"
    )
    return tuple(
        refusing(
            f"ringfence-residency-metrics{suffix}",
            ("monitoring.coreos.com", version, resource),
            unless=f"!has(object.spec.remoteWrite) || object.spec.remoteWrite.all(w, {allowed})",
            message="metrics are sent to a host where not all of the cluster's data classes may be processed",
        )
        for suffix, version, resource in (("", "v1", "prometheuses"), ("-agents", "v1alpha1", "prometheusagents"))
    )


TELEMETRY_LEAVES = "telemetry is sent to a host where not all of the cluster's data classes may be processed"


def _sinks(hosts: Iterable[str]) -> Callable[[str], str]:
    """Whether a text leads to the cluster itself or to one of the hosts, as an expression: a URL, or a host and port.

    What cannot be read, such as a variable that is filled in later, leads nowhere that is known.
    """
    known = cel_list(tuple(sorted(set(hosts))))

    def leads(value: str) -> str:
        def inside(host: str) -> str:
            return f"({host}.endsWith('.svc') || {host}.endsWith('{IN_CLUSTER}') || {host} in {known})"

        of_url, of_pair = inside(f"url({value}).getHostname()"), inside(f"{value}.split(':')[0]")
        return f"({value}.contains('://') ? isURL({value}) && {of_url} : {of_pair})"

    return leads


def _telemetry(leads: Callable[[str], str]) -> tuple[AdmissionPolicy, ...]:
    """What collectors, Datadog's agents and charts that a cluster fetches itself send away."""
    each = "object.spec.config.exporters[k]"
    exporter = " && ".join(
        (
            f"(!has({each}.endpoint) || {leads(f'{each}.endpoint')})",
            f"(!has({each}.endpoints) || {each}.endpoints.all(e, {leads('e')}))",
            f"(!has({each}.site) || {leads(f'{each}.site')})",
            # Without a site Datadog's is in the United States.
            f"(has({each}.api) && has({each}.api.site) ? {leads(f'{each}.api.site')} : !k.startsWith('datadog'))",
        )
    )
    exporters = "!has(object.spec.config) || !has(object.spec.config.exporters)"
    return (
        _telling(
            "collectors",
            ("opentelemetry.io", "v1beta1", "opentelemetrycollectors"),
            f"{exporters} || object.spec.config.exporters.all(k, {each} == null || ({exporter}))",
        ),
        _telling(
            "datadog",
            ("datadoghq.com", "v2alpha1", "datadogagents"),
            f"has(object.spec.global) && has(object.spec.global.site) && {leads('object.spec.global.site')}",
        ),
        _telling(
            "releases",
            ("helm.toolkit.fluxcd.io", "v2", "helmreleases"),
            " && ".join(
                (
                    f"({_lacks('datadog.site')} || {leads('object.spec.values.datadog.site')})",
                    f"({_lacks('loki.storage.s3.endpoint')} || {leads('object.spec.values.loki.storage.s3.endpoint')})",
                    f"({_lacks('prometheus.prometheusSpec.remoteWrite')} || "
                    f"object.spec.values.prometheus.prometheusSpec.remoteWrite.all(w, {leads('w.url')}))",
                )
            ),
        ),
    )


def _telling(name: str, kind: tuple[str, str, str], expression: str) -> AdmissionPolicy:
    return refusing(f"ringfence-residency-{name}", kind, unless=expression, message=TELEMETRY_LEAVES)


def _lacks(path: str) -> str:
    """Whether a release's values have nothing at a path; a value on the way that is no mapping is an error: refused."""
    steps = ["object.spec.values"]
    for step in path.split("."):
        steps.append(f"{steps[-1]}.{step}")
    return "(" + " || ".join(f"!has({step})" for step in steps) + ")"
