"""What a pool's nodes carry in every cloud: labels, the taint that keeps other work off accelerators, and devices.

Owns: the parts of a pool that no cloud spells in its own way. Refuses to own: machine types and capacity, which all do.
"""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.facts import accelerators, instances
from ringfence.planning.capacity import POOL_LABEL
from ringfence.planning.cloud import Unplannable
from ringfence.spec.pool import Pool, Taint


def pool_labels(name: str, pool: Pool, expected: Mapping[str, str]) -> dict[str, str]:
    """The pool's own name, what add-ons expect on its nodes, and what the file says."""
    return {POOL_LABEL: name, **expected, **pool.labels}


def pool_taints(pool: Pool) -> tuple[Taint, ...]:
    """The file's taints, after the one that accelerators bring: named like their resource, as GKE does it by itself."""
    device = accelerators.accelerator(pool.accelerator) if pool.accelerator else None
    if device is None or device.resource_name is None:
        return pool.taints
    return (Taint(key=device.resource_name, value="present", effect="NoSchedule"), *pool.taints)


def devices(provider: str, pool: Pool) -> int:
    """Accelerators of each node: as the file says, else as the instance type has them; 0 for CPU nodes."""
    if not pool.accelerator or pool.accelerator == accelerators.NONE:
        return 0
    found = instances.instance(provider, pool.instance_type) if pool.instance_type else None
    return pool.accelerators_per_node or (found.gpus if found else 0)


def instance_type(name: str, pool: Pool, example: str) -> str:
    """The pool's machine type; raises Unplannable where the file names none."""
    if pool.instance_type is None:
        raise Unplannable(f"pools.{name}.instanceType: a pool in a cloud needs one, such as {example}")
    return pool.instance_type


def pool_zones(name: str, pool: Pool, zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones of the pool among the site's; one only where its nodes must stand close together."""
    unknown = [zone for zone in pool.zones if zone not in zones]
    if unknown:
        raise Unplannable(
            f"pools.{name}.zones: {', '.join(unknown)} not among the site's: {', '.join(zones) or 'none'}"
        )
    own = pool.zones or zones
    return own[:1] if pool.placement == "cluster" else own


def fabric(name: str, pool: Pool, allowed: tuple[str, ...], cloud: str) -> str:
    """The pool's fabric, if the cloud has it."""
    if pool.fabric not in allowed:
        raise Unplannable(f"pools.{name}.fabric: {cloud} has {' and '.join(allowed)}, not {pool.fabric}")
    return pool.fabric
