"""What the planners of data centres and edge sites would refuse is found by the check, at its place; and every object
of theirs says whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.planning.checks import onprem
from ringfence.planning.onprem.control_plane import control_plane_manifests
from ringfence.planning.onprem.edge_bundle import site_manifests
from ringfence.planning.onprem.edge_models import model_manifests
from ringfence.planning.onprem.machines import pool_manifests
from ringfence.planning.onprem.management import management_stages
from ringfence.planning.onprem.management_plan import management_plan
from ringfence.planning.onprem.objects import Manifest
from ringfence.spec.finding import spell_path
from tests.components.edge import examples as edge
from tests.components.onprem import examples
from tests.spec.platforms import platform, values


def _without_cilium(data: dict[str, Any]) -> None:
    data["clusters"]["serve-fra"]["controlPlane"]["provider"] = "kamaji"


def _small_volume(data: dict[str, Any]) -> None:
    data["clusters"]["serve-fra"]["controlPlane"]["etcd"]["storageGib"] = 3


def _image_without_checksum(data: dict[str, Any]) -> None:
    del data["clusters"]["serve-fra"]["pools"]["l40s"]["imageChecksum"]


def _small_management(data: dict[str, Any]) -> None:
    data["clusters"]["mgmt-fra"]["pools"]["controllers"]["memoryGibPerNode"] = 4


def _four_boxes(data: dict[str, Any]) -> None:
    data["clusters"]["clinic-mainz"]["pools"]["box"]["nodes"] = 4


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (_without_cilium, "clusters.serve-fra", "Kamaji brings no pod network"),
        (_small_volume, "clusters.serve-fra", "an etcd volume of 3 GiB is too small for"),
        (_image_without_checksum, "clusters.serve-fra.pools.l40s", "has no image, or none with a checksum"),
        (_small_management, "clusters.mgmt-fra", "has 96 cores and 12 GiB, but its 1 control planes"),
        (_four_boxes, "clusters.clinic-mainz", "has 4 nodes"),
    ],
)
def test_a_refusal_is_found_at_its_place(change: Callable[[dict[str, Any]], None], path: str, message: str) -> None:
    data = values()
    change(data)
    [found] = onprem.check(platform(data))
    assert (spell_path(found.path), found.code) == (path, "cannot-be-built")
    assert message in found.message
    assert found.suggestion


def test_the_stack_files_can_be_built() -> None:
    for stack in ("dev", "prod"):
        assert list(onprem.check(platform(values(stack)))) == []


def _every_object() -> list[Manifest]:
    plan = management_plan("mgmt", examples.management_spec(), examples.both_hosted(), examples.LABELS)
    site = edge.arguments().plan()
    return [
        *(manifest for stage in management_stages(plan) for manifest in stage),
        *control_plane_manifests(examples.hosted()),
        *control_plane_manifests(examples.hosted("kamaji")),
        *pool_manifests(examples.gpu_pool()),
        *site_manifests(site),
        *model_manifests(site, [edge.MODEL]),
    ]


def test_every_object_says_whose_it_is_and_under_whose_law() -> None:
    for manifest in _every_object():
        labels = manifest["metadata"]["labels"]
        expected = edge.LABELS if labels["ringfence.dev/site"] == "clinic-mainz" else examples.LABELS
        assert expected.items() <= labels.items(), manifest["metadata"]
        pods = manifest.get("spec", {}).get("template", {}).get("metadata")
        if manifest["kind"] in ("Deployment", "DaemonSet", "MachineDeployment"):
            assert expected.items() <= pods["labels"].items()


def test_no_object_carries_a_secret() -> None:
    assert [manifest for manifest in _every_object() if manifest["kind"] == "Secret"] == []
