"""Platforms for the tenancy and serving tests, built from plain values as a stack file would say them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ringfence.spec.platform import Platform

GPU_MACHINES = {
    f"gpu-{number}": {
        "bmc": f"redfish-virtualmedia+https://10.0.0.{number}/redfish/v1/Systems/1",
        "bootMac": f"aa:bb:cc:00:00:{number:02x}",
        "credentials": f"gpu-{number}-bmc",
        "rack": "r1" if number < 4 else "r2",
    }
    for number in range(1, 6)
}

FIFTY: dict[str, Any] = {
    "name": "acme",
    "environment": "prod",
    "owner": "platform",
    "costCenter": "4711",
    "dataClasses": {
        "patient": {"rest": ["DE"], "process": ["EU"], "basis": "GDPR art. 9", "rank": 3},
        "public": {"rest": ["any"], "process": ["any"], "basis": "published"},
    },
    "sites": {
        "dc": {
            "kind": "datacentre",
            "country": "DE",
            "city": "Frankfurt",
            "operator": {"name": "Acme GmbH", "country": "DE"},
            "racks": ["r1", "r2"],
        }
    },
    "clusters": {
        "fra": {
            "site": "dc",
            "kubernetesVersion": "1.34",
            "controlPlane": {"kind": "embedded", "address": "10.32.0.10"},
            "network": {"nodes": "10.36.0.0/22", "pods": "10.37.0.0/16", "services": "10.38.0.0/20"},
            "pools": {
                "system": {"capacity": {"kind": "owned"}, "nodes": 3, "vcpusPerNode": 16, "memoryGibPerNode": 64},
                "h100": {
                    "accelerator": "nvidia-h100-80gb",
                    "acceleratorsPerNode": 10,
                    "capacity": {"kind": "owned"},
                    "machines": GPU_MACHINES,
                    "vcpusPerNode": 128,
                    "memoryGibPerNode": 1024,
                    "taints": [{"key": "ringfence.dev/accelerated", "value": "h100"}],
                },
            },
            "storage": {"block": {"kind": "block", "capacityGib": 4000, "default": True}},
            "domain": "fra.ai.example",
        }
    },
    "tenants": {
        "finance": {
            "groups": {"admins": ["finance-leads"], "users": ["finance"], "viewers": ["finance-viewers"]},
            "costCenter": "4720",
            "dataClasses": ["public"],
            "clusters": ["fra"],
            "quotas": {"fra": {"h100": {"maximum": 20}}},
        },
        "marketing": {
            "groups": {"admins": ["marketing-leads"]},
            "costCenter": "4730",
            "dataClasses": ["public"],
            "clusters": ["fra"],
            "quotas": {"fra": {"h100": {"guaranteed": 15}}},
            "weight": 2,
        },
        "research": {
            "groups": {"admins": ["research-leads"], "users": ["research"]},
            "costCenter": "4740",
            "dataClasses": ["patient", "public"],
            "clusters": ["fra"],
            "namespaces": {
                "lab": {"accelerators": 8, "cpus": 64, "memoryGib": 512, "pods": 100},
                "notebooks": {"loadBalancers": 1},
            },
            "quotas": {"fra": {"h100": {}}},
        },
    },
    "audit": {"site": "dc", "dataClass": "public"},
    "budget": {"monthlyUsd": 500000, "owner": "finops"},
}
"""The seed's own example: 50 GPUs; finance at most 20, marketing guaranteed 15, research the rest."""


def fifty(**changes: Any) -> Platform:
    """The platform with 50 GPUs; `changes` replace top-level keys."""
    return Platform.model_validate({**deepcopy(FIFTY), **changes})


def with_pool(pool: dict[str, Any], quotas: dict[str, dict[str, Any]]) -> Platform:
    """The same platform with another pool in place of h100, called `gpu`, and only the given tenants' quotas for it."""
    raw = deepcopy(FIFTY)
    pools = raw["clusters"]["fra"]["pools"]
    base = pools.pop("h100")
    pools["gpu"] = {**base, **pool}
    for name, tenant in raw["tenants"].items():
        tenant["quotas"] = {"fra": {"gpu": quotas[name]}} if name in quotas else {}
    return Platform.model_validate(raw)
