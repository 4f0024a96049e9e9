"""Can this ever schedule: what always runs and the largest gangs against pools, and the queues as a whole.

Owns: asking, and the smallest change that turns each no into a yes. Refuses to own: packing and queues
(ringfence.planning.feasibility), and guarantees over capacity (quotas.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.planning.capacity import CapacityError, PoolCapacity, TenantShare, cluster_capacity, tenant_shares
from ringfence.planning.feasibility.gangs import biggest_block, fits, nodes_needed, pods_of
from ringfence.planning.feasibility.labels import changing, selected
from ringfence.planning.feasibility.offers import offers
from ringfence.planning.feasibility.problems import problems
from ringfence.planning.feasibility.queues import read
from ringfence.planning.serving.replica import ServingError, served_on
from ringfence.planning.tenancy.queues import queue_manifests
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path
from ringfence.spec.model import ServedModel


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """A model on one pool: what its replicas hold for as long as the platform stands."""

    model: str
    at: Path
    tenant: str
    units: int
    """Of one replica."""
    pods: list[int]
    """Of all replicas that always run."""
    most: int
    """Replicas at the autoscaler's end."""
    spec: ServedModel


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about what could never start, or only on what others lend."""
    for cluster in platform.clusters:
        try:
            rows, shares = cluster_capacity(platform, cluster), tenant_shares(platform, cluster)
        except CapacityError:
            continue  # said by the checks of pools and quotas
        for row in rows:
            at: Path = ("clusters", cluster, "pools", row.pool)
            standing = _standing(platform, cluster, row)
            own = [share for share in shares if (share.pool, share.unit) == (row.pool, row.unit)]
            for share in own:
                yield from _models(share, [each for each in standing if each.tenant == share.tenant], cluster)
            yield from _together(row, standing, at)
            yield from _gangs(platform, cluster, row, own, standing)
        yield from _labels(platform, cluster)
        yield from _selectors(platform, cluster)
        yield from _queues(platform, cluster)


def _standing(platform: Platform, cluster: str, row: PoolCapacity) -> list[_Standing]:
    found = []
    for name, model, replica in served_on(platform, cluster, row) if row.resource != "cpu" else ():
        canary = 1 if model.canary and model.canary.percent else 0
        always = model.autoscaling.min_replicas + canary
        found.append(
            _Standing(
                model=name,
                at=("models", name),
                tenant=model.tenant,
                units=replica.units,
                pods=[replica.units_per_node] * replica.nodes * always,
                most=max(model.autoscaling.max_replicas, model.autoscaling.min_replicas) + canary,
                spec=model,
            )
        )
    return found


def _models(share: TenantShare, standing: list[_Standing], cluster: str) -> Iterator[Finding]:
    """A tenant's models against its own share."""
    always = sum(sum(each.pods) for each in standing)
    told = ", ".join(f"{each.model} {sum(each.pods)}" for each in standing)
    at: Path = ("tenants", share.tenant, "quotas", cluster, share.pool)
    if always > share.maximum:
        yield Finding(
            code="models-over-share",
            path=at,
            message=f"{share.tenant}'s models on {share.pool} always hold {always} {share.resource} ({told}), and its "
            f"share ends at {share.maximum}: the rest never starts",
            allowed=f"at most {share.maximum}",
            suggestion=f"maximum: {always}",
        )
        return
    if always > share.guaranteed:
        yield Finding(
            code="models-on-borrowed",
            path=at,
            message=f"{share.tenant}'s models on {share.pool} always hold {always} {share.resource} ({told}), of which "
            f"{always - share.guaranteed} are borrowed: they stop when the owner asks",
            suggestion=f"guaranteed: {always}",
            severity="warning",
        )
    for each in standing:
        others = always - sum(each.pods)
        possible = (share.maximum - others) // each.units
        if each.most > possible:
            yield Finding(
                code="replicas-over-share",
                path=(*each.at, "autoscaling", "maxReplicas"),
                message=f"{each.most} replicas of {each.units} {share.resource} are more than {share.tenant}'s share "
                f"of {share.pool} on {cluster} ever holds: {possible} can run",
                suggestion=f"maxReplicas: {max(possible - (each.most - each.spec.autoscaling.max_replicas), 1)}, "
                f"or tenants.{share.tenant}.quotas.{cluster}.{share.pool}.maximum: {others + each.most * each.units}",
                severity="warning",
            )


def _together(row: PoolCapacity, standing: list[_Standing], at: Path) -> Iterator[Finding]:
    """All models of a pool at once, on its nodes."""
    pods = [pod for each in standing for pod in each.pods]
    nodes = _nodes(row)
    answer = fits(pods, nodes, row.units_per_node)
    if answer:
        return
    told = ", ".join(f"{each.model} {len(each.pods)} x {each.pods[0]}" for each in standing if each.pods)
    needed = nodes_needed(pods, row.units_per_node)
    yield Finding(
        code="models-do-not-pack",
        path=at,
        message=f"the models that always run here ({told}) do not fit on {nodes} nodes of {row.units_per_node} "
        f"{row.resource} at once" + ("" if answer is False else ", as far as could be found"),
        suggestion=f"{needed} nodes, or fewer minReplicas",
        severity="error" if answer is False else "warning",
    )


def _gangs(
    platform: Platform, cluster: str, row: PoolCapacity, shares: list[TenantShare], standing: list[_Standing]
) -> Iterator[Finding]:
    for share in shares:
        quota = platform.tenants[share.tenant].quotas[cluster][share.pool]
        if quota.largest_gang is None:
            continue
        at: Path = ("tenants", share.tenant, "quotas", cluster, share.pool, "largestGang")
        yield from _gang(quota.largest_gang, row, share, shares, standing, at)
        yield from _rack(platform, cluster, row, quota.largest_gang, at)


def _gang(
    gang: int,
    row: PoolCapacity,
    share: TenantShare,
    shares: list[TenantShare],
    standing: list[_Standing],
    at: Path,
) -> Iterator[Finding]:
    """One tenant's largest gang against its share, then against the nodes, then against what others may ask back."""
    own = sum(sum(each.pods) for each in standing if each.tenant == share.tenant)
    beside = f", beside the {own} that its models hold" if own else ""
    if gang + own > share.maximum:
        yield Finding(
            code="gang-over-share",
            path=at,
            message=f"a gang of {gang} {row.resource}{beside} is more than {share.tenant} may ever have of {row.pool}",
            allowed=f"at most {max(share.maximum - own, 0)}",
            suggestion=f"maximum: {gang + own}"
            if gang + own <= row.maximum_units
            else f"a pool of {_more_nodes(row, gang, [])} nodes, and maximum: {gang + own}",
        )
        return
    pods = [pod for each in standing for pod in each.pods]
    if gang > row.maximum_units - sum(pods):
        yield Finding(
            code="gang-over-free-block",
            path=at,
            message=f"a gang of {gang} {row.resource} never finds room: models always hold {sum(pods)} of the "
            f"{row.maximum_units} of {row.pool}",
            allowed=f"at most {row.maximum_units - sum(pods)}",
            suggestion=f"a pool of {_more_nodes(row, gang, pods)} nodes",
        )
        return
    block = biggest_block(pods, _nodes(row), row.units_per_node)
    if gang > block:
        yield Finding(
            code="gang-over-free-block",
            path=at,
            message=f"a gang of {gang} {row.resource} as pods of whole nodes never finds room: with the models that "
            f"always run, the biggest block of {row.pool} has {block}",
            suggestion=f"a pool of {_more_nodes(row, gang, pods)} nodes, or jobs of smaller pods",
            severity="warning",
        )
    promised = sum(each.guaranteed for each in shares if each.tenant != share.tenant)
    safe = min(max(share.guaranteed, row.maximum_units - promised), share.maximum) - own
    if gang > safe:
        yield Finding(
            code="gang-on-borrowed",
            path=at,
            message=f"a gang of {gang} {row.resource} starts only while others leave {gang - safe} of what they were "
            "guaranteed idle, and stops when they ask",
            suggestion=f"largestGang: {safe}" if safe > 0 else "guarantee some of the pool",
            severity="warning",
        )


def _rack(platform: Platform, cluster: str, row: PoolCapacity, gang: int, at: Path) -> Iterator[Finding]:
    """A gang that no rack holds is spread over several: slower, and sometimes no gang at all."""
    machines = platform.clusters[cluster].pools[row.pool].machines
    racks: dict[str, int] = {}
    for machine in machines.values():
        racks[machine.rack or ""] = racks.get(machine.rack or "", 0) + row.units_per_node
    if not racks or "" in racks or gang <= max(racks.values()) or gang > row.maximum_units:
        return
    rack = max(racks, key=lambda name: racks[name])
    yield Finding(
        code="gang-over-rack",
        path=at,
        message=f"a gang of {gang} {row.resource} fits in no rack of {row.pool}: the biggest, {rack}, has "
        f"{racks[rack]}",
        suggestion=f"largestGang: {racks[rack]} for one that stays together",
        severity="warning",
    )


def _labels(platform: Platform, cluster: str) -> Iterator[Finding]:
    """Labels of a pool that something else writes, too."""
    for name, pool in platform.clusters[cluster].pools.items():
        for key in changing(pool.labels):
            yield Finding(
                code="changing-label",
                path=("clusters", cluster, "pools", name, "labels", key),
                message=f"{key} is written by GPU Feature Discovery and changes when sharing is switched on"
                + (f": with {pool.sharing.kind} it is not this" if pool.sharing.kind != "none" else ""),
                suggestion="leave it out: ringfence.dev/pool selects the pool, whatever its sharing",
                severity="error" if pool.sharing.kind != "none" else "warning",
            )


def _selectors(platform: Platform, cluster: str) -> Iterator[Finding]:
    """Add-ons that are told to find nodes by such a label."""
    spec = platform.clusters[cluster]
    shared = sorted(name for name, pool in spec.pools.items() if pool.sharing.kind != "none")
    for name, override in spec.add_ons.items():
        for path, key in selected(override.values):
            yield Finding(
                code="changing-label",
                path=("clusters", cluster, "addOns", name, "values", *path),
                message=f"{key} is written by GPU Feature Discovery and changes when sharing is switched on"
                + (f", as it is in {', '.join(shared)}" if shared else ""),
                suggestion="select by ringfence.dev/pool or ringfence.dev/accelerator, which stay",
                severity="error" if shared else "warning",
            )


def _queues(platform: Platform, cluster: str) -> Iterator[Finding]:
    """The queues that would be made, as a whole. Ours are made to have none of these problems: this is the proof."""
    try:
        queues = read(queue_manifests(platform, cluster))
    except (CapacityError, ServingError):
        return  # said by the checks of quotas and models
    for problem in problems(queues, offers(platform, cluster, queues.flavors)):
        tenant, _, unit = problem.where.removeprefix("ClusterQueue ").partition(".")
        named = tenant in platform.tenants and cluster in platform.tenants[tenant].quotas
        yield Finding(
            code=problem.code,
            path=("tenants", tenant, "quotas", cluster) if named else ("clusters", cluster),
            message=f"queue of {unit}: {problem.message}" if named else f"{problem.where}: {problem.message}",
            suggestion=problem.fix,
            severity=problem.severity,
        )


def _nodes(row: PoolCapacity) -> int:
    return row.maximum_units // row.units_per_node if row.units_per_node else 0


def _more_nodes(row: PoolCapacity, gang: int, pods: list[int]) -> int:
    """The fewest nodes of this kind on which the gang has room beside the pods."""
    return nodes_needed([*pods, *pods_of(gang, row.units_per_node)], row.units_per_node)
