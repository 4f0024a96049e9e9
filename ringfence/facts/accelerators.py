"""Accelerators: what one device holds, computes and draws, and how MIG may cut it.

Owns the device facts and the proof that one device can take a MIG layout. Refuses to size anything: how
many devices a model needs is ``ringfence.planning``. Tables: accelerators.csv and mig_profiles.csv.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ringfence.facts._tables import number, table, text, whole

NONE = "none"


@dataclass(frozen=True, slots=True)
class MigProfile:
    """One way to cut a device: ``starts`` are the memory slices where an instance of it may begin.

    ``memory_gib`` is what a workload in the instance can use, never more than the device reports.
    """

    name: str
    compute_slices: int
    memory_slices: int
    memory_gib: Decimal
    max_count: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One device type.

    ``memory_gib`` is what the driver reports (GiB), not the nominal figure on the box. ``bf16_tflops`` is
    dense, in FP16 where the device has no BF16; ``memory_gb_per_s`` and ``nvlink_gb_per_s`` are in 10^9
    bytes per second, the latter both ways together, and None without NVLink. ``precisions`` are those
    with hardware support, and ``int4`` where weight-only INT4 kernels run. ``product_label`` is the value
    of ``nvidia.com/gpu.product`` (GPU Feature Discovery), ``gke_label`` that of
    ``cloud.google.com/gke-accelerator``.
    """

    name: str
    vendor: str
    memory_gib: Decimal
    compute_slices: int
    memory_slices: int
    mig_profiles: Mapping[str, MigProfile]
    precisions: frozenset[str]
    bf16_tflops: Decimal | None
    memory_gb_per_s: int | None
    tdp_watts: int | None
    nvlink_gb_per_s: int | None
    compute_capability: str | None
    resource_name: str | None
    product_label: str | None
    gke_label: str | None
    source: str

    @property
    def fp8(self) -> bool:
        """Whether the device computes in FP8."""
        return "fp8" in self.precisions

    @property
    def int4(self) -> bool:
        """Whether weight-only INT4 kernels (AWQ, GPTQ) run on the device."""
        return "int4" in self.precisions

    @property
    def mig(self) -> bool:
        """Whether MIG can cut the device."""
        return bool(self.mig_profiles)


@dataclass(frozen=True, slots=True)
class LayoutResult:
    """Whether one device can take a layout; if not, why, and what it can take."""

    ok: bool
    reason: str
    allowed: tuple[str, ...]


@cache
def _all() -> dict[str, Accelerator]:
    profiles: dict[str, dict[str, MigProfile]] = {}
    for row in table("mig_profiles").rows:
        profiles.setdefault(row["accelerator"], {})[row["profile"]] = MigProfile(
            name=row["profile"],
            compute_slices=int(row["compute_slices"]),
            memory_slices=int(row["memory_slices"]),
            memory_gib=Decimal(row["memory_mib"]) / 1024,
            max_count=int(row["max_count"]),
            starts=tuple(int(start) for start in row["starts"].split()),
        )
    return {row["name"]: _accelerator(row, profiles.get(row["name"], {})) for row in table("accelerators").rows}


def _accelerator(row: Mapping[str, str], profiles: Mapping[str, MigProfile]) -> Accelerator:
    return Accelerator(
        name=row["name"],
        vendor=row["vendor"],
        memory_gib=Decimal(row["memory_gib"]),
        compute_slices=int(row["compute_slices"] or 0),
        memory_slices=int(row["memory_slices"] or 0),
        mig_profiles=profiles,
        precisions=frozenset(row["precisions"].split()),
        bf16_tflops=number(row["bf16_tflops"]),
        memory_gb_per_s=whole(row["memory_gb_per_s"]),
        tdp_watts=whole(row["tdp_watts"]),
        nvlink_gb_per_s=whole(row["nvlink_gb_per_s"]),
        compute_capability=text(row["compute_capability"]),
        resource_name=text(row["resource_name"]),
        product_label=text(row["product_label"]),
        gke_label=text(row["gke_label"]),
        source=row["source"],
    )


def accelerator(name: str) -> Accelerator | None:
    """The device of that exact name, or None: not listed. ``none`` is a pool without accelerators."""
    return _all().get(name)


def accelerators() -> tuple[Accelerator, ...]:
    """Every listed device, by name."""
    return tuple(found for _, found in sorted(_all().items()))


def suggestion(name: str) -> str | None:
    """The listed device that a wrong name probably meant (``h100`` means ``nvidia-h100-80gb``), or None."""
    wanted = name.strip().casefold().replace("_", "-").replace(" ", "-")
    if wanted in ("cpu", ""):
        return NONE
    inside = [listed for listed in _all() if wanted in listed.split("-", 1)[-1] or wanted in listed]
    close = inside or difflib.get_close_matches(wanted, _all(), n=1)
    return min(close, key=len) if close else None


def layout_fits(accelerator: Accelerator, layout: Mapping[str, int]) -> LayoutResult:
    """Whether one device can hold ``layout`` (profile name to count) at the same time.

    Exact: instances are placed on the memory slices where the driver lets them start, not only summed. A
    device has one media engine, so at most one ``+me`` instance of any size. An empty layout is refused.
    """
    profiles = accelerator.mig_profiles
    allowed = tuple(f"{p.name} (at most {p.max_count})" for p in profiles.values())
    problem = _layout_problem(accelerator, layout)
    if problem:
        return LayoutResult(False, problem, allowed)
    wanted = [profiles[name] for name, count in layout.items() for _ in range(count)]
    wanted.sort(key=lambda profile: -profile.memory_slices)
    if not _place(wanted, 0, 0):
        return LayoutResult(False, f"no placement of {_spell(layout)} on {accelerator.name} exists", allowed)
    return LayoutResult(True, f"{accelerator.name} takes {_spell(layout)}", allowed)


def _layout_problem(device: Accelerator, layout: Mapping[str, int]) -> str | None:
    """What is wrong with a layout before any placement is tried, or None."""
    if not device.mig:
        return f"{device.name} cannot be cut with MIG"
    if not any(layout.values()):
        return "the layout names no instance"
    for name, count in layout.items():
        profile = device.mig_profiles.get(name)
        if profile is None:
            close = difflib.get_close_matches(name, device.mig_profiles, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return f"{device.name} has no MIG profile {name!r}{hint}"
        if count < 0:
            return f"{name}: a count below zero"
        if count > profile.max_count:
            return f"{name}: {count} asked, {device.name} takes at most {profile.max_count}"
    if sum(count for name, count in layout.items() if "+me" in name) > 1:
        return f"{_spell(layout)} needs the media engine more than once, {device.name} has one"
    for unit, held in (("compute_slices", device.compute_slices), ("memory_slices", device.memory_slices)):
        asked = sum(getattr(device.mig_profiles[name], unit) * count for name, count in layout.items())
        if asked > held:
            return f"{_spell(layout)} needs {asked} {unit.replace('_', ' ')}, {device.name} has {held}"
    return None


def _place(wanted: list[MigProfile], index: int, taken: int) -> bool:
    """Depth-first placement; ``taken`` is a bit mask of memory slices, at most 7 instances."""
    if index == len(wanted):
        return True
    profile = wanted[index]
    for start in profile.starts:
        mask = ((1 << profile.memory_slices) - 1) << start
        if not taken & mask and _place(wanted, index + 1, taken | mask):
            return True
    return False


def _spell(layout: Mapping[str, int]) -> str:
    return " + ".join(f"{count} x {name}" for name, count in layout.items() if count)
