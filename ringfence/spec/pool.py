"""Node pools: one accelerator, one capacity kind, one way of sharing.

Owns: what a pool can say. Refuses to own: which devices exist and which MIG layouts they take
(ringfence.facts.accelerators).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ringfence.spec.base import Count, GiB, Hostname, Name, PositiveInt, SecretReference, Spec

Nodes = Annotated[int, Field(gt=0, le=5000, strict=True)]
"""At most what one cluster takes (kubernetes.io, "Considerations for large clusters": 5,000 nodes)."""
BMC_PATTERN = (
    r"^(redfish|redfish-virtualmedia|redfish-uefihttp|idrac-redfish|idrac-virtualmedia|ilo5-redfish|ilo5-virtualmedia"
    r"|ipmi|libvirt)(\+https?)?://[^\s@/]+(/\S*)?$"
)
"""Drivers of the baremetal-operator (docs/api.md, "bmc"); never a user or password: state and reviews show it."""
BmcAddress = Annotated[str, StringConstraints(pattern=BMC_PATTERN)]
MacAddress = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]
LabelKey = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$", max_length=63)]


class OnDemand(Spec):
    """Rented by the hour, without commitment."""

    kind: Literal["on-demand"]


class Spot(Spec):
    """Rented while the provider has some to spare; it can be taken away within minutes."""

    kind: Literal["spot"]
    max_usd_per_hour: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """USD per node hour; the on-demand price when unset."""


class Reserved(Spec):
    """Capacity that was reserved beforehand."""

    kind: Literal["reserved"]
    reservation: str
    """Capacity reservation or capacity block id (AWS), capacity reservation group id (Azure), reservation name
    (GCP)."""
    block: bool = False
    """An AWS capacity block for ML: bought for a fixed window."""
    ends: date | None = None
    """Last day of the reservation; needed for a capacity block."""


class Flex(Spec):
    """GCP's queued flex-start capacity: waits for the whole block, then runs for at most seven days."""

    kind: Literal["flex"]


class Owned(Spec):
    """Machines that stand in the organisation's own racks."""

    kind: Literal["owned"]


Capacity = Annotated[OnDemand | Spot | Reserved | Flex | Owned, Field(discriminator="kind")]


class Whole(Spec):
    """One container holds the whole device."""

    kind: Literal["none"]


class Mig(Spec):
    """The device is cut into instances with memory of their own."""

    kind: Literal["mig"]
    layout: dict[str, PositiveInt] = Field(min_length=1)
    """Profile to number of instances on each device, such as {1g.10gb: 7}."""


class TimeSlicing(Spec):
    """Containers take turns on the device, with no memory protection between them."""

    kind: Literal["time-slicing"]
    replicas: Annotated[int, Field(ge=2, le=64, strict=True)]
    """How many containers may share one device."""


class Vgpu(Spec):
    """Virtual machines get parts of the device through NVIDIA vGPU."""

    kind: Literal["vgpu"]
    profile: str
    """vGPU type, such as NVIDIA L40S-12Q."""
    per_device: PositiveInt
    licence_secret: SecretReference
    """Secret with the licence client token."""


Sharing = Annotated[Whole | Mig | TimeSlicing | Vgpu, Field(discriminator="kind")]


class Taint(Spec):
    """A Kubernetes taint."""

    key: LabelKey
    value: LabelValue = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class Machine(Spec):
    """One bare-metal machine, as its management controller sees it."""

    bmc: BmcAddress
    """Baseboard management controller address with its scheme, such as redfish-virtualmedia+https://10.0.0.5/redfish/v1/Systems/1."""
    boot_mac: MacAddress
    credentials: SecretReference
    """Secret with username and password of the controller, in the management cluster."""
    rack: Name | None = None
    root_device: str = "/dev/nvme0n1"


class Pool(Spec):
    """Nodes of one kind."""

    accelerator: str | None = None
    """A name of ringfence.facts.accelerators, such as nvidia-h100-80gb; unset for CPU nodes."""
    accelerators_per_node: Annotated[int, Field(ge=0, le=1024, strict=True)] = 0
    instance_type: str | None = None
    """Cloud pools: the provider's machine type."""
    nodes: Nodes | None = None
    """A fixed number of nodes. Either this, or min_nodes and max_nodes, or machines."""
    min_nodes: Count | None = None
    max_nodes: Nodes | None = None
    machines: dict[Name, Machine] = {}
    """Bare-metal pools: every machine, by name."""
    vcpus_per_node: PositiveInt | None = None
    """Owned machines: hardware threads. Cloud pools take it from the instance type."""
    memory_gib_per_node: GiB | None = None
    """Owned machines: memory. Cloud pools take it from the instance type."""
    usd_per_node_hour: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """What a node costs an hour by the organisation's own books or contract; the price tables answer when unset."""
    capacity: Capacity
    sharing: Sharing = Whole(kind="none")
    fabric: Literal["ethernet", "efa", "infiniband", "roce", "gpudirect-tcpx"] = "ethernet"
    """What carries traffic between accelerators of different nodes."""
    placement: Literal["spread", "cluster"] = "spread"
    """`cluster` packs nodes close together for low latency."""
    zones: tuple[str, ...] = ()
    """Only these zones; empty is all of the site's."""
    labels: dict[LabelKey, LabelValue] = {}
    taints: tuple[Taint, ...] = ()
    image: Hostname | str | None = None
    """Bare-metal pools: URL of the operating system image; cloud pools: an image type or id."""
    image_checksum: Annotated[str, StringConstraints(pattern=r"^sha(256|512):[0-9a-f]{64,128}$")] | None = None
    """Bare-metal pools: checksum of the image, with its algorithm."""

    @property
    def largest(self) -> int:
        """The most nodes the pool can have."""
        return self.max_nodes or self.nodes or len(self.machines)

    @property
    def smallest(self) -> int:
        """The nodes that are always there: what a guarantee may count on."""
        return self.nodes or len(self.machines) or (self.min_nodes or 0)
