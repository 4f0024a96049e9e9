"""Instance types: whole answers, that they name listed devices, and order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ringfence.facts import accelerators, instances, regions
from ringfence.facts.instances import Instance, instance, instances_for

EVERY = [found for provider in regions.PROVIDERS for found in instances.instances(provider)]


def test_an_instance_says_everything_known_of_it() -> None:
    assert instance("aws", "p5.48xlarge") == Instance(
        provider="aws",
        type="p5.48xlarge",
        accelerator="nvidia-h100-80gb",
        gpus=8,
        vcpu=192,
        memory_gib=Decimal(2048),
        local_nvme_gib=28312,
        network_gbps=Decimal(3200),
        rdma="efa",
        source="moto",
    )


@pytest.mark.parametrize(
    ("provider", "type", "accelerator", "gpus", "rdma"),
    [
        ("aws", "p4d.24xlarge", "nvidia-a100-40gb", 8, "efa"),
        ("aws", "g6e.xlarge", "nvidia-l40s", 1, "none"),
        ("aws", "m7i.xlarge", "none", 0, "none"),
        # One public catalogue says that this has 12 accelerators.
        ("azure", "Standard_ND96isr_H100_v5", "nvidia-h100-80gb", 8, "infiniband"),
        ("azure", "Standard_ND96is_H100_v5", "nvidia-h100-80gb", 8, "none"),
        ("azure", "Standard_ND96isr_MI300X_v5", "amd-mi300x", 8, "infiniband"),
        ("azure", "Standard_NC24ads_A100_v4", "nvidia-a100-pcie-80gb", 1, "none"),
        ("azure", "Standard_D4s_v5", "none", 0, "none"),
        ("gcp", "a3-highgpu-8g", "nvidia-h100-80gb", 8, "gpudirect-tcpx"),
        ("gcp", "a3-ultragpu-8g", "nvidia-h200-141gb", 8, "roce"),
        ("gcp", "a2-ultragpu-8g", "nvidia-a100-80gb", 8, "none"),
        ("gcp", "n2-standard-8", "none", 0, "none"),
    ],
)
def test_what_a_type_carries(provider, type, accelerator, gpus, rdma) -> None:
    found = instance(provider, type)
    assert found is not None
    assert (found.accelerator, found.gpus, found.rdma) == (accelerator, gpus, rdma)
    assert found.efa is (rdma == "efa")


@pytest.mark.parametrize("found", EVERY, ids=lambda found: found.type)
def test_every_type_names_a_listed_device_and_counts_it(found: Instance) -> None:
    assert accelerators.accelerator(found.accelerator)
    assert (found.gpus > 0) is (found.accelerator != "none")
    assert found.vcpu > 0
    assert found.memory_gib > 0
    assert found.rdma in {"none", "efa", "infiniband", "roce", "gpudirect-tcpx", "gpudirect-tcpxo"}
    assert (found.rdma == "efa") <= (found.provider == "aws")


def test_type_names_are_unique() -> None:
    assert len({(found.provider, found.type) for found in EVERY}) == len(EVERY)


def test_types_for_a_device_start_with_the_smallest() -> None:
    assert [found.type for found in instances_for("aws", "nvidia-h100-80gb")] == ["p5.4xlarge", "p5.48xlarge"]
    sizes = [(found.gpus, found.vcpu) for found in instances_for("gcp", "nvidia-l4")]
    assert sizes == sorted(sizes)
    assert instances_for("aws", "amd-mi300x") == ()


@pytest.mark.parametrize(("provider", "type"), [("aws", "P5.48xlarge"), ("gcp", "p5.48xlarge"), ("aws", "")])
def test_any_other_name_is_unknown(provider: str, type: str) -> None:
    assert instance(provider, type) is None


def test_a_wrong_name_says_what_was_probably_meant() -> None:
    assert instances.suggestion("aws", "p5.48xlrge") == "p5.48xlarge"
    assert instances.suggestion("azure", "standard_nd96isr_h100_v5") == "Standard_ND96isr_H100_v5"
    assert instances.suggestion("aws", "zzzzzzzz") is None
