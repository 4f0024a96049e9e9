"""Cloud instance types: which accelerators they carry, and their CPU, memory, disk and network.

Owns what an instance type is. Refuses to say what it costs (``ringfence.facts.prices``) or whether it can
be had in a region today, which no table can know. Table: instances.csv.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ringfence.facts._tables import number, table, whole


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance type.

    ``accelerator`` is a name of ``ringfence.facts.accelerators``, ``none`` for a CPU type.

    ``local_nvme_gib`` is None where it is not known and 0 where none is bundled. ``rdma`` is the fabric
    (``efa``, ``infiniband``, ``roce``, ``gpudirect-tcpx``, ``gpudirect-tcpxo``) or ``none``.
    """

    provider: str
    type: str
    accelerator: str
    gpus: int
    vcpu: int
    memory_gib: Decimal
    local_nvme_gib: int | None
    network_gbps: Decimal | None
    rdma: str
    source: str

    @property
    def efa(self) -> bool:
        """Whether AWS Elastic Fabric Adapter can be attached."""
        return self.rdma == "efa"


@cache
def _all() -> dict[tuple[str, str], Instance]:
    return {
        (row["provider"], row["type"]): Instance(
            provider=row["provider"],
            type=row["type"],
            accelerator=row["accelerator"],
            gpus=int(row["gpus"]),
            vcpu=int(row["vcpu"]),
            memory_gib=Decimal(row["memory_gib"]),
            local_nvme_gib=whole(row["local_nvme_gib"]),
            network_gbps=number(row["network_gbps"]),
            rdma=row["rdma"],
            source=row["source"],
        )
        for row in table("instances").rows
    }


def instance(provider: str, type: str) -> Instance | None:
    """The instance type of that exact name, or None: not listed, so its size is not proven."""
    return _all().get((provider, type))


def instances(provider: str) -> tuple[Instance, ...]:
    """Every listed type of one provider, by name."""
    return tuple(sorted((i for (p, _), i in _all().items() if p == provider), key=lambda i: i.type))


def instances_for(provider: str, accelerator: str) -> tuple[Instance, ...]:
    """The types that carry this accelerator (``none``: CPU types), fewest devices and vCPUs first."""
    found = (i for i in instances(provider) if i.accelerator == accelerator)
    return tuple(sorted(found, key=lambda i: (i.gpus, i.vcpu, i.memory_gib, i.type)))


def suggestion(provider: str, type: str) -> str | None:
    """The listed type that a wrong name probably meant, or None."""
    listed = {i.type.casefold(): i.type for i in instances(provider)}
    close = difflib.get_close_matches(type.casefold(), listed, n=1)
    return listed[close[0]] if close else None
