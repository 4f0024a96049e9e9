"""What preview refuses, the cluster refuses: the same object, shown to the policy pack and to the API server.

Each row is an object that would let data leave, the preview rule that says no, and the admission policy that is its
twin. Beside it stands one that stays and is taken by both. The requests are made by somebody who may do everything: no
right outweighs residency.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from policy.rules import ALL
from ringfence.controlplane import Refused
from ringfence.planning import tenancy
from ringfence.planning.tenancy.admission import PREVIEW_RULE_ANNOTATION
from ringfence.planning.tenancy.residency_rules import TWINS
from ringfence.spec.platform import Platform
from tests.cluster.objects import (
    CLASS,
    ai_backend,
    backend,
    backups,
    collector,
    datadog,
    external,
    metrics,
    mirroring,
    release,
    route,
    thing,
)
from tests.policy.harness import Given, analyzer
from tests.support.controlplane import Cluster, Manifest
from tests.tenancy.platforms import FIFTY

PLACE = "kubernetes:serve-fra"


@dataclass(frozen=True)
class Row:
    """A way out, and the same way leading somewhere that is allowed."""

    leaves: tuple[Manifest, ...]
    """The last one is what is refused; those before it are what it refers to, already there."""
    stays: tuple[Manifest, ...]
    policy: str
    words: str


ROWS: dict[str, Row] = {
    "a backend abroad": Row(
        (route("abroad", data="card"), ai_backend("abroad"), backend("abroad", "api.datadoghq.com")),
        (backend("near", "svc.finance-models.svc.cluster.local"),),
        "ringfence-residency-backends",
        "host that the platform file names",
    ),
    "a fallback that may not see the class": Row(
        (backend("service.frontier-api", "api.frontier.example"), ai_backend("service.frontier-api"),
         route("model.fraud-score", "service.frontier-api", data="card")),
        (route("model.fraud-score", data="card"),),
        "ringfence-residency-routes",
        "may not process the route's data classes",
    ),
    "a mirror": Row(
        (backend("service.frontier-api", "api.frontier.example"), mirroring("Backend", "service.frontier-api")),
        (mirroring("Service", "shadow"),),
        "ringfence-residency-mirrors",
        "mirror requests to Services of this cluster only",
    ),
    "backups": Row(
        (backups("velero-dr", "us-east-1", "https://s3.us-east-1.amazonaws.com"),),
        (backups("velero-fra", "dc-frankfurt", "https://s3.fra.euromix.example"),),
        "ringfence-residency-backups",
        "the bucket that the platform file names",
    ),
    "backups to a bucket of that name elsewhere": Row(
        (backups("velero-fra", "us-east-1", "https://s3.us-east-1.amazonaws.com"),),
        (backups("velero-fra", "dc-frankfurt", "https://s3.fra.euromix.example"),),
        "ringfence-residency-backups",
        "the bucket that the platform file names",
    ),
    "metrics": Row(
        (metrics("https://api.datadoghq.com/api/intake"),),
        (metrics("http://mimir.monitoring.svc/api/v1/push"),),
        "ringfence-residency-metrics",
        "metrics are sent to a host",
    ),
    "an agent's metrics": Row(
        (metrics("https://api.datadoghq.com/api/intake", "PrometheusAgent"),),
        (metrics("http://mimir.monitoring.svc/api/v1/push", "PrometheusAgent"),),
        "ringfence-residency-metrics-agents",
        "metrics are sent to a host",
    ),
    "a collector": Row(
        (collector({"otlphttp": {"endpoint": "https://api.datadoghq.com/v1"}, "debug": None}),),
        (collector({"otlphttp": {"endpoint": "http://loki-gateway.monitoring.svc:80/otlp"}, "debug": None}),),
        "ringfence-residency-collectors",
        "telemetry is sent to a host",
    ),
    "a collector's host and port": Row(
        (collector({"otlp": {"endpoint": "api.datadoghq.com:4317"}}),),
        (collector({"otlp": {"endpoint": "tempo.monitoring.svc.cluster.local:4317"}}),),
        "ringfence-residency-collectors",
        "telemetry is sent to a host",
    ),
    "a collector's Datadog": Row(
        (collector({"datadog": {"api": {"site": "us3.datadoghq.com"}}}),),
        (collector({"debug": {}}),),
        "ringfence-residency-collectors",
        "telemetry is sent to a host",
    ),
    "an agent of Datadog's": Row(
        (datadog("us3.datadoghq.com"),),
        (datadog("intake.monitoring.svc"),),
        "ringfence-residency-datadog",
        "telemetry is sent to a host",
    ),
    "a chart that sends to Datadog": Row(
        (release({"datadog": {"site": "us3.datadoghq.com"}}),),
        (release({"datadog": {"site": "intake.monitoring.svc"}}),),
        "ringfence-residency-releases",
        "telemetry is sent to a host",
    ),
    "a chart that keeps logs elsewhere": Row(
        (release({"loki": {"storage": {"s3": {"endpoint": "https://s3.us-east-1.amazonaws.com"}}}}),),
        (release({"loki": {"storage": {"s3": {"endpoint": "http://rook-ceph-rgw.rook-ceph.svc"}}}}),),
        "ringfence-residency-releases",
        "telemetry is sent to a host",
    ),
    "a name that leads out": Row(
        (external("api.datadoghq.com"),),
        (external("models.ringfence-gateway.svc.cluster.local"),),
        "ringfence-residency-services",
        "an ExternalName leads to a host",
    ),
}  # fmt: skip


def contract(platform: Platform) -> dict[str, Any]:
    """The residency model as the policy pack is given it."""
    classes = {
        name: {
            "rest": list(each.rest),
            "process": list(each.process),
            "operate": list(each.operate),
            "basis": each.basis,
        }
        for name, each in platform.data_classes.items()
    }
    services = {
        each.host: {"country": each.country, "operator": each.operator.country} for each in platform.services.values()
    }
    here = {PLACE: "DE", "s3.fra.euromix.example": "DE", "velero-fra": "DE"}
    return {"dataClasses": classes, "groups": dict(platform.groups), "locations": {**here, **services}}


def said_at_preview(platform: Platform, objects: tuple[Manifest, ...], **more: Any) -> list[tuple[str, str]]:
    """Rule and level of everything that the pack says of the objects on cluster serve-fra."""
    with analyzer() as driver:
        driver.configure({**contract(platform), **more})
        given = [_given(each, number) for number, each in enumerate(objects)]
        return [(said.rule, said.level) for said in driver.analyze(*given)]


def _given(manifest: Mapping[str, Any], number: int) -> Given:
    group, _, version = manifest["apiVersion"].rpartition("/")
    token = f"kubernetes:{group or 'core'}/{version}:{manifest['kind']}"
    return Given(token, manifest, name=f"it-{number}", provider_name="serve-fra")


@pytest.mark.parametrize("name", ROWS)
def test_both_say_no_to_what_leaves(serve_fra: Cluster, name: str) -> None:
    row = ROWS[name]
    rules = [rule for rule, level in said_at_preview(serve_fra.platform, row.leaves) if level == "mandatory"]
    assert TWINS[row.policy] in rules, rules
    with pytest.raises(Refused) as refused:
        serve_fra.client.create(row.leaves[-1], dry_run=True)
    assert f"ValidatingAdmissionPolicy '{row.policy}'" in refused.value.message
    assert row.words in refused.value.message


@pytest.mark.parametrize("name", ROWS)
def test_both_let_through_what_stays(serve_fra: Cluster, name: str) -> None:
    row = ROWS[name]
    rules = [rule for rule, level in said_at_preview(serve_fra.platform, row.stays) if level == "mandatory"]
    assert TWINS[row.policy] not in rules
    serve_fra.client.create(row.stays[-1], dry_run=True)


def test_a_claim_rests_only_where_its_class_may(serve_fra: Cluster) -> None:
    """The same tenant, had its cluster stood in the Netherlands: patients' data may be processed there, not kept."""
    abroad = deepcopy(FIFTY)
    abroad["sites"]["dc"]["country"] = "NL"
    platform = Platform.model_validate(abroad)
    [lab] = [
        each
        for each in tenancy.tenant_manifests(platform, "fra", "research")
        if each["kind"] == "Namespace" and each["metadata"]["name"] == "research-lab"
    ]
    serve_fra.client.apply(lab)
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "block",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    claim = thing("v1", "PersistentVolumeClaim", "scans", spec, "research-lab", data="patient")
    nl = {"locations": {PLACE: "NL"}}
    assert (TWINS["ringfence-tenant-claims"], "mandatory") in said_at_preview(platform, (claim,), **nl)
    with pytest.raises(Refused, match="no storage class where all of the tenant's data classes may rest"):
        serve_fra.client.create(claim, dry_run=True)
    home = deepcopy(claim)
    home["metadata"]["namespace"], home["metadata"]["labels"][CLASS] = "finance", "card"
    assert [rule for rule, level in said_at_preview(serve_fra.platform, (home,)) if level == "mandatory"] == []
    serve_fra.client.create(home, dry_run=True)


def test_a_claim_for_a_class_that_the_tenant_does_not_process_is_refused(serve_fra: Cluster) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "block",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    claim = thing("v1", "PersistentVolumeClaim", "scans", spec, "finance", data="patient")
    with pytest.raises(Refused, match="for a data class that its tenant does not process"):
        serve_fra.client.create(claim, dry_run=True)


def test_the_stacks_own_backup_location_is_the_one_that_is_allowed(serve_fra: Cluster) -> None:
    """Velero's chart makes it from these values; were it refused, there would be no backups."""
    [velero] = [each for each in serve_fra.rendered.releases if each["name"] == "velero"]
    [said] = velero["values"]["configuration"]["backupStorageLocation"]
    spec = {"provider": said["provider"], "objectStorage": {"bucket": said["bucket"]}, "config": said["config"]}
    serve_fra.client.create(thing("velero.io/v1", "BackupStorageLocation", said["name"], spec, "velero"), dry_run=True)


def test_every_twin_is_listed_on_the_policy_and_in_the_pack(serve_fra: Cluster) -> None:
    rules = {rule.id for rule in ALL}
    assert set(TWINS.values()) <= rules
    listed = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {}).get(PREVIEW_RULE_ANNOTATION)
        for each in serve_fra.client.items("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
    }
    assert {name: rule for name, rule in listed.items() if rule} == dict(TWINS)
    residency = {name for name in listed if name.startswith("ringfence-residency-")}
    assert residency == {row.policy for row in ROWS.values()}, "each one is tried"
    assert residency <= set(TWINS)


def test_networks_lead_only_to_where_the_tenants_data_may_be(serve_fra: Cluster) -> None:
    """Egress of every tenant's namespace is closed but for what residency allows: finance's card data may be processed
    in Germany and the Netherlands, so no address of the French or Polish data centre is open to it."""
    networks = {name: str(each.network.nodes) for name, each in serve_fra.platform.clusters.items()}
    open_to: dict[str, set[str]] = {}
    for tenant in serve_fra.tenants:
        for namespace in serve_fra.namespaces(tenant):
            for policy in serve_fra.client.items("networking.k8s.io/v1", "NetworkPolicy", namespace):
                for rule in policy["spec"].get("egress", ()):
                    assert rule.get("to"), "a rule without `to` opens everything"
                    cidrs = {to["ipBlock"]["cidr"] for to in rule["to"] if "ipBlock" in to}
                    open_to.setdefault(tenant, set()).update(cidrs - {"169.254.20.10/32"})
    reached = {t: {name for name, cidr in networks.items() if cidr in found} for t, found in open_to.items()}
    assert reached["finance"] == {"train-aws-fra"}
    assert reached["marketing"] == set()
    assert reached["research"] == {"serve-par", "train-az-fra"}
