"""Everything that the prod stack puts on its clusters, taken by a real API server that knows the real kinds.

Applied as it is rendered, server-side with strict validation: no unknown field, no warning, no refusal by the stack's
own admission policies, and a second time nothing changes. A kind that no pinned Go module defines is listed here; where
../shared has its definition it is tried too.
"""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

from ringfence.controlplane import ControlPlane, definitions, plane
from ringfence.controlplane.applying import Applied, apply_all, define
from ringfence.engine.places import Places
from ringfence.rendering import SLOT_PREFIX, RenderedCluster
from tests.support.controlplane import say
from tests.support.kubernetes import SHARED_CRDS

OUT_OF_REACH = {
    "infrastructure.cluster.x-k8s.io": "cluster-api-provider-metal3",
    "controlplane.cluster.x-k8s.io": "k0smotron, cluster-api-control-plane-provider-kamaji",
    "bootstrap.cluster.x-k8s.io": "k0smotron, cluster-api",
    "ironic.metal3.io": "metal3-ironic-standalone-operator",
    "mellanox.com": "network-operator",
    "karpenter.sh": "karpenter-core",
    "karpenter.k8s.aws": "karpenter-aws",
    "postgresql.cnpg.io": "cloudnative-pg",
}
"""Groups that no module which can be fetched defines, and where ../shared/data/crds has them."""

BEFORE_PULUMI = {"flux-system": "k0s installs Flux at bootstrap, in a namespace that it makes"}


@pytest.fixture(scope="module")
def alone(places: Places, rendered: dict[str, RenderedCluster]) -> Generator[ControlPlane]:
    """An API server that knows every kind the stack uses, and has nothing that acts on them."""
    kinds = {each["metadata"]["name"]: each for each in definitions.from_modules(places, say)}
    if SHARED_CRDS.is_dir():
        folders = {name for names in OUT_OF_REACH.values() for name in names.split(", ")}
        for folder in sorted(folders):
            for each in definitions.read(SHARED_CRDS / folder):
                kinds.setdefault(each["metadata"]["name"], each)
    used = definitions.needed(kinds.values(), [each for cluster in rendered.values() for each in cluster.manifests])
    with plane.start(places, say, plane.ALONE) as made:
        define(made.client, [definitions.storage_only(each) for each in used])
        yield made


@pytest.fixture(scope="module")
def outcome(
    alone: ControlPlane, rendered: dict[str, RenderedCluster]
) -> dict[str, tuple[list[Applied], list[Applied]]]:
    """What became of every object of every cluster, the first time and the second."""
    found = {}
    for name, cluster in rendered.items():
        for namespace in BEFORE_PULUMI:
            alone.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        first = _settled(alone, cluster)
        found[name] = first, apply_all(alone.client, cluster.manifests, first)
        _clear(alone, cluster)
    return found


def _settled(alone: ControlPlane, cluster: RenderedCluster) -> list[Applied]:
    """What became of each object, once the API server has forgotten the policies of the cluster before: it goes on
    judging by them for a moment after they are gone.
    """
    deadline = time.monotonic() + 120
    while True:
        applied = apply_all(alone.client, cluster.manifests)
        if not any(each.refusal for each in applied) or time.monotonic() > deadline:
            return applied
        time.sleep(0.5)


def _clear(alone: ControlPlane, cluster: RenderedCluster) -> None:
    """Make room for the next cluster: its objects may have the same names. Namespaces stay."""
    for manifest in reversed(cluster.manifests):
        if manifest["kind"] in ("Namespace", "CustomResourceDefinition"):
            continue
        try:
            if manifest["kind"].startswith("PersistentVolume"):
                alone.client.patch(manifest, {"metadata": {"finalizers": None}})
            alone.client.delete(manifest, now=True)
        except Exception as gone:  # noqa: BLE001 - what was refused or is not served is not there
            assert "404" in str(gone) or "does not serve" in str(gone), gone


def test_every_cluster_of_the_stack_is_tried(
    outcome: dict[str, tuple[list[Applied], list[Applied]]], rendered: dict[str, RenderedCluster]
) -> None:
    assert set(outcome) == set(rendered) and len(outcome) > 20
    assert sum(len(first) for first, _ in outcome.values()) == sum(len(each.manifests) for each in rendered.values())


def test_nothing_is_refused(outcome: dict[str, tuple[list[Applied], list[Applied]]]) -> None:
    """The second time counts too: an admission policy begins to hold a moment after it was taken."""
    refused = {
        f"{name}: {each.key}": each.refusal
        for name, passes in outcome.items()
        for each in (*passes[0], *passes[1])
        if each.refusal
    }
    assert refused == {}


def test_nothing_is_warned_of(outcome: dict[str, tuple[list[Applied], list[Applied]]]) -> None:
    warned = {
        f"{name}: {each.key}": each.warnings for name, (first, _) in outcome.items() for each in first if each.warnings
    }
    assert warned == {}


def test_applying_it_again_changes_nothing(outcome: dict[str, tuple[list[Applied], list[Applied]]]) -> None:
    changed = [f"{name}: {each.key}" for name, (_, second) in outcome.items() for each in second if each.changed]
    assert changed == []


def test_only_kinds_that_no_module_defines_are_left_out(
    outcome: dict[str, tuple[list[Applied], list[Applied]]], rendered: dict[str, RenderedCluster]
) -> None:
    groups = {
        manifest["apiVersion"].rpartition("/")[0]
        for name, (first, _) in outcome.items()
        for manifest, each in zip(rendered[name].manifests, first, strict=True)
        if not each.served
    }
    assert groups <= set(OUT_OF_REACH)
    if SHARED_CRDS.is_dir():
        assert groups == set(), "../shared defines them all"


def test_hosted_clusters_models_and_routes_are_among_them(
    outcome: dict[str, tuple[list[Applied], list[Applied]]],
) -> None:
    """An empty list of refusals would say little if the kinds that matter were not there."""
    served = {each.key.split("/")[0] for first, _ in outcome.values() for each in first if each.served}
    assert {
        "Cluster",
        "MachineDeployment",
        "MachineHealthCheck",
        "BareMetalHost",
        "InferenceService",
        "Gateway",
        "AIGatewayRoute",
        "ClusterQueue",
        "HelmRelease",
    } <= served


def test_nothing_is_delivered_with_an_empty_slot(rendered: dict[str, RenderedCluster]) -> None:
    """A pull site gets what is rendered: a value that is only known once everything is up would never reach it."""
    for cluster in rendered.values():
        assert [slot.name for slot in cluster.slots if slot.reason == "unknown"] == [], cluster.name
        assert SLOT_PREFIX not in repr(cluster.namespaces)
