"""Residency at run time: what preview refuses, the API server refuses too, whoever asks and in whatever namespace.

Owns: one admission policy for each way out of a cluster, with the preview rule that it is the twin of. Refuses to own:
the decision (ringfence.spec.residency, through reach.py) and what bounds tenants in their own namespaces
(admission_rules.py).

A policy names what may be: hosts and places of the platform file that are proven for the classes concerned. Anything
else is refused, also by an operator's hand; a new destination is a line in the file and a reviewed update.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringfence.planning import lineage
from ringfence.planning.labels import DATA_CLASS, DATA_CLASS_SEPARATOR, KUBERNETES_PREFIX
from ringfence.planning.tenancy.cel import AdmissionPolicy, Validation, cel_list
from ringfence.planning.tenancy.reach import Destination, backup_places, destinations, metrics_hosts
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
    return (
        _backends([each.host for each in reached if each.classes]),
        _routes(reached),
        _mirrors(),
        _services([*everywhere, *metrics]),
        _backups(platform, cluster),
        *_metrics(metrics),
    )


def _backends(hosts: Iterable[str]) -> AdmissionPolicy:
    """A gateway talks to models in the cluster and to hosts that some data class may go to."""
    fqdn = f"e.fqdn.hostname.endsWith('{IN_CLUSTER}') || e.fqdn.hostname in {cel_list(tuple(sorted(set(hosts))))}"
    return AdmissionPolicy(
        name="ringfence-residency-backends",
        group="gateway.envoyproxy.io",
        version="v1alpha1",
        resources=("backends",),
        validations=(
            Validation(
                expression="!has(object.spec.endpoints) || object.spec.endpoints.all(e, has(e.fqdn) && (" + fqdn + "))",
                message="a backend outside the cluster is a host that the platform file names and residency allows",
            ),
        ),
    )


def _routes(reached: Iterable[Destination]) -> AdmissionPolicy:
    """Every backend of a model's route, its fallbacks among them, may process what the route is labelled with."""
    entries = (f"'{each.name}': {cel_list(tuple(sorted(each.classes)))}" for each in reached)
    label, labels = KUBERNETES_PREFIX + DATA_CLASS, "object.metadata.labels"
    held = f"has({labels}) && '{label}' in {labels} ? {labels}['{label}'].split('{DATA_CLASS_SEPARATOR}') : []"
    outside = "b.name in variables.reached && variables.classes.size() > 0"
    return AdmissionPolicy(
        name="ringfence-residency-routes",
        group="aigateway.envoyproxy.io",
        version="v1beta1",
        resources=("aigatewayroutes",),
        variables=(("reached", "{" + ", ".join(entries) + "}"), ("classes", held)),
        validations=(
            Validation(
                expression="object.spec.rules.all(r, !has(r.backendRefs) || r.backendRefs.all(b,"
                " !has(b.namespace) && (b.name.startsWith('model.')"
                f" || ({outside} && variables.classes.all(c, c in variables.reached[b.name])))))",
                message="a backend of the route, or one it falls back to, may not process the route's data classes",
            ),
        ),
    )


def _mirrors() -> AdmissionPolicy:
    """A copy of traffic stays with Services of the cluster."""
    mirrored = "!has(f.requestMirror) || !has(f.requestMirror.backendRef.kind)"
    inside = f"{mirrored} || f.requestMirror.backendRef.kind == 'Service'"
    filters = f"(!has(x.filters) || x.filters.all(f, {inside}))"
    return AdmissionPolicy(
        name="ringfence-residency-mirrors",
        group="gateway.networking.k8s.io",
        version="v1",
        resources=("httproutes", "grpcroutes"),
        validations=(
            Validation(
                expression="!has(object.spec.rules) || object.spec.rules.all(x, "
                + filters
                + " && (!has(x.backendRefs) || x.backendRefs.all(y, "
                + filters.replace("x.", "y.")
                + ")))",
                message="a route may mirror requests to Services of this cluster only",
            ),
        ),
    )


def _services(hosts: Iterable[str]) -> AdmissionPolicy:
    """A name of the cluster leads out of it only to where everything on the cluster may be processed."""
    name = "object.spec.externalName"
    allowed = f"{name}.endsWith('{IN_CLUSTER}') || {name} in {cel_list(tuple(sorted(set(hosts))))}"
    return AdmissionPolicy(
        name="ringfence-residency-services",
        group="",
        version="v1",
        resources=("services",),
        validations=(
            Validation(
                expression="!has(object.spec.type) || object.spec.type != 'ExternalName' || " + allowed,
                message="an ExternalName leads to a host where not all of the cluster's data classes may be processed",
            ),
        ),
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
    return AdmissionPolicy(
        name="ringfence-residency-backups",
        group="velero.io",
        version="v1",
        resources=("backupstoragelocations",),
        validations=(
            Validation(
                expression="has(object.spec.objectStorage) && (" + (" || ".join(places) or "false") + ")",
                message="backups of this cluster rest in the bucket that the platform file names, and nowhere else",
            ),
        ),
    )


def _metrics(hosts: Iterable[str]) -> tuple[AdmissionPolicy, ...]:
    """Metrics are sent inside the cluster and to the platform's own receiver."""
    host = "url(w.url).getHostname()"
    allowed = f"isURL(w.url) && ({host}.endsWith('.svc') || {host}.endsWith('{IN_CLUSTER}')" + (
        f" || {host} in {cel_list(tuple(hosts))})"
    )
    return tuple(
        AdmissionPolicy(
            name=f"ringfence-residency-metrics{suffix}",
            group="monitoring.coreos.com",
            version=version,
            resources=(resource,),
            validations=(
                Validation(
                    expression=f"!has(object.spec.remoteWrite) || object.spec.remoteWrite.all(w, {allowed})",
                    message="metrics are sent to a host where not all of the cluster's data classes may be processed",
                ),
            ),
        )
        for suffix, version, resource in (("", "v1", "prometheuses"), ("-agents", "v1alpha1", "prometheusagents"))
    )
