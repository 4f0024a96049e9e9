"""The traps of Metal3's and k0smotron's documents on bare-metal workers: each is wrong there, or by default."""

from __future__ import annotations

from typing import Any

from ringfence.planning.onprem.bare_metal import BareMetalPool
from ringfence.planning.onprem.machines import pool_manifests
from ringfence.planning.onprem.objects import Manifest
from tests.components.onprem.examples import DIGEST, gpu_pool


def by_kind(pool: BareMetalPool) -> dict[str, Manifest]:
    return {manifest["kind"]: manifest for manifest in pool_manifests(pool)}


def spec_of(kind: str, provider: str = "k0smotron", registry: str | None = None, **options: Any) -> dict[str, Any]:
    return by_kind(gpu_pool(provider, registry, **options))[kind]["spec"]


def test_trap_a_workers_version_has_a_plus_where_the_control_planes_has_a_dash() -> None:
    pool = gpu_pool()
    assert by_kind(pool)["K0sWorkerConfigTemplate"]["spec"]["template"]["spec"]["version"] == "v1.34.1+k0s.0"
    assert pool.hosted.release.image_tag == "v1.34.1-k0s.0"


def test_trap_an_image_has_a_disk_format_and_a_checksum_type_in_v1beta2() -> None:
    assert spec_of("Metal3MachineTemplate")["template"]["spec"]["image"] == {
        "url": "https://images.fra.example/ubuntu-24.04.raw",
        "checksum": DIGEST,
        "checksumType": "sha256",
        "diskFormat": "raw",
    }


def test_trap_no_machine_is_spare_so_nothing_surges() -> None:
    rolling = spec_of("MachineDeployment")["rollout"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 0, "maxUnavailable": 1}


def test_trap_references_carry_a_group_and_no_version() -> None:
    template = spec_of("MachineDeployment")["template"]["spec"]
    assert set(template["bootstrap"]["configRef"]) == {"apiGroup", "kind", "name"}
    assert set(template["infrastructureRef"]) == {"apiGroup", "kind", "name"}


def test_trap_each_control_plane_gets_the_workers_that_can_join_it() -> None:
    assert {kind for kind in by_kind(gpu_pool("k0smotron")) if kind.endswith("ConfigTemplate")} == {
        "K0sWorkerConfigTemplate"
    }
    assert {kind for kind in by_kind(gpu_pool("kamaji")) if kind.endswith("ConfigTemplate")} == {
        "KubeadmConfigTemplate"
    }


def test_trap_the_kubelet_names_its_host_or_metal3_never_finds_the_node() -> None:
    [labels] = spec_of("K0sWorkerConfigTemplate")["template"]["spec"]["args"]
    assert labels == (
        "--labels=ringfence.dev/accelerator=nvidia-h100-80gb,ringfence.dev/cluster=onprem-a,ringfence.dev/pool=gpu,"
        "ringfence.dev/site=dc-fra,metal3.io/uuid=$(cloud-init query ds.meta_data.uuid)"
    )
    registration = spec_of("KubeadmConfigTemplate", "kamaji")["template"]["spec"]["joinConfiguration"]
    assert registration["nodeRegistration"] == {
        "name": "{{ ds.meta_data.name }}",
        "kubeletExtraArgs": [
            {
                "name": "node-labels",
                "value": "ringfence.dev/accelerator=nvidia-h100-80gb,ringfence.dev/cluster=onprem-a,"
                "ringfence.dev/pool=gpu,ringfence.dev/site=dc-fra,metal3.io/uuid={{ ds.meta_data.uuid }}",
            }
        ],
    }


def test_trap_a_template_that_changes_changes_its_name_or_nothing_rolls_out() -> None:
    names = [
        by_kind(gpu_pool(spec=change))["Metal3MachineTemplate"]["metadata"]["name"]
        for change in ({}, {}, {"imageChecksum": f"sha256:{'0' * 64}"})
    ]
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("onprem-a-gpu-") for name in names)
