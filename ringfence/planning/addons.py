"""Which add-ons a cluster gets, with which values, in which order.

Owns: turning rows, a cluster's overrides and its facts into a list in install order, and refusing what cannot work.
Refuses to own: the rows (ringfence.facts.addons), the values that one add-on computes (components/addons), and how a
release is made (components/addons/install.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

import yaml

from ringfence.errors import UsageError
from ringfence.facts.addons import AddOnRow, add_on_rows
from ringfence.planning.addon_context import KUBELET_ROOT, AddOnContext
from ringfence.spec.cluster import AddOnOverride

ValuesFunction = Callable[[AddOnContext], Mapping[str, Any]]
"""What one add-on computes for one cluster; raises AddOnPlanError when the cluster lacks something it needs."""


@dataclass(frozen=True)
class AddOnProblem:
    """One reason why a cluster's add-ons cannot be installed."""

    add_on: str
    message: str
    """What is wrong."""
    remedy: str
    """What to change."""


class AddOnPlanError(UsageError):
    """The add-ons of a cluster contradict it or each other; `problems` has every reason at once."""

    def __init__(self, problems: list[AddOnProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"add-on {p.add_on}: {p.message} ({p.remedy})" for p in problems))


@dataclass(frozen=True)
class ResolvedAddOn:
    """An add-on of one cluster, ready to install."""

    name: str
    row: AddOnRow
    """The row, at the version that the cluster asked for."""
    values: Mapping[str, Any]
    """Row, computed and the user's values, merged in that order."""
    after: tuple[str, ...]
    """Add-ons of this cluster that must be there first."""
    after_releases: tuple[str, ...] = ()
    """The same as Flux can wait for them: releases only, looked up through add-ons that have none."""
    implied_by: str | None = None
    """The add-on that asked for it, when the cluster did not name it."""


@dataclass(frozen=True)
class AddOnPlan:
    """The add-ons of one cluster, in an order that works."""

    context: AddOnContext
    """The cluster's facts, with `add_ons` filled in."""
    add_ons: tuple[ResolvedAddOn, ...]

    def __getitem__(self, name: str) -> ResolvedAddOn:
        """The add-on of that name. Raises KeyError when the cluster has none."""
        return next((a for a in self.add_ons if a.name == name), None) or _missing(name)


def _missing(name: str) -> ResolvedAddOn:
    raise KeyError(name)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge Helm values as Helm does: maps key by key, everything else replaced; a None stays, for Helm to delete."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def plan_add_ons(
    context: AddOnContext,
    overrides: Mapping[str, AddOnOverride],
    computed: Mapping[str, ValuesFunction] | None = None,
    rows: Mapping[str, AddOnRow] | None = None,
) -> AddOnPlan:
    """Resolve a cluster's add-ons.

    `overrides` names the add-ons of the cluster; what they require is added. `computed` maps an add-on to the function
    that computes its values for one cluster (components.addons.catalogue.VALUES).
    Raises AddOnPlanError with every problem found.
    """
    rows = add_on_rows() if rows is None else rows
    wanted, problems = _closure(context, overrides, rows)
    misfits = {name: found for name in sorted(wanted) if (found := _fits(context, rows[name], wanted))}
    # What an add-on needs fits no better than the add-on itself: one report is enough.
    problems += [p for name, found in misfits.items() if wanted[name] not in misfits for p in found]
    if problems:
        raise AddOnPlanError(problems)
    context = replace(context, add_ons=frozenset(wanted))
    graph = dependencies({name: rows[name] for name in wanted})
    order = install_order(graph)
    add_ons: list[ResolvedAddOn] = []
    for name in order:
        row, override = rows[name], overrides.get(name, AddOnOverride())
        try:
            own = (computed or {}).get(name, _nothing)(context)
        except AddOnPlanError as error:
            problems += error.problems
            continue
        values = merge(merge(row_values(row, context), own), override.values)
        row = row.model_copy(update={"version": override.version or row.version})
        first = tuple(sorted(graph[name]))
        releases = tuple(sorted(_releases(first, rows, graph)))
        add_ons.append(ResolvedAddOn(name, row, values, first, releases, wanted[name]))
    if problems:
        raise AddOnPlanError(problems)
    return AddOnPlan(context, tuple(add_ons))


def _nothing(_: AddOnContext) -> Mapping[str, Any]:
    return {}


def _closure(
    context: AddOnContext, overrides: Mapping[str, AddOnOverride], rows: Mapping[str, AddOnRow]
) -> tuple[dict[str, str | None], list[AddOnProblem]]:
    """Every add-on that is asked for, directly or by another, with who asked."""
    problems = [_unknown(name, rows) for name in overrides if name not in rows]
    wanted: dict[str, str | None] = {
        name: None for name, override in overrides.items() if override.enabled and name in rows
    }
    queue = list(wanted)
    while queue:
        name = queue.pop(0)
        for needed in (*rows[name].requires, *rows[name].brings):
            disabled = needed in overrides and not overrides[needed].enabled
            if needed in rows[name].brings and (disabled or _fits(context, rows[needed], {})):
                continue
            if disabled:
                remedy = f"enable {needed}, or disable {name} too"
                problems.append(AddOnProblem(name, f"needs {needed}, which is disabled", remedy))
            elif needed not in wanted:
                wanted[needed] = name
                queue.append(needed)
    return wanted, problems


def _unknown(name: str, rows: Mapping[str, AddOnRow]) -> AddOnProblem:
    near = get_close_matches(name, rows, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known add-ons: {', '.join(sorted(rows))}"
    return AddOnProblem(name, "is not a row of ringfence/facts/addons.yaml", hint)


def _fits(context: AddOnContext, row: AddOnRow, wanted: Mapping[str, object]) -> list[AddOnProblem]:
    """Why the add-on cannot run on this cluster."""
    found: list[AddOnProblem] = []
    if row.site_kinds and context.site_kind not in row.site_kinds:
        where = " or ".join(row.site_kinds)
        found.append(
            AddOnProblem(row.name, f"does not work at a {context.site_kind} site", f"it works at {where} sites")
        )
    elif row.providers and context.provider and context.provider not in row.providers:
        remedy = f"of the clouds it works on {', '.join(row.providers)}"
        found.append(AddOnProblem(row.name, f"does not work on {context.provider}", remedy))
    for other in sorted(set(row.conflicts) & wanted.keys()):
        found.append(AddOnProblem(row.name, f"cannot share a cluster with {other}", "disable one of the two"))
    return found


def row_values(row: AddOnRow, context: AddOnContext) -> dict[str, Any]:
    """What a row says for one cluster: values, monitoring where there is some, kubelet paths where they differ."""
    values = merge(row.values, row.when_monitored) if context.monitored else dict(row.values)
    if context.kubelet_root == KUBELET_ROOT:
        return values
    for path, below in row.kubelet_paths.items():
        value: Any = f"{context.kubelet_root}/{below}".rstrip("/")
        for key in reversed(path.split(".")):
            value = {key: value}
        values = merge(values, value)
    return values


def dependencies(rows: Mapping[str, AddOnRow]) -> dict[str, set[str]]:
    """Each add-on of a cluster to those of the same cluster that come before it."""
    foundations = {name for name, row in rows.items() if row.foundation}
    graph: dict[str, set[str]] = {}
    for name, row in rows.items():
        first = {*row.requires, *row.after, *foundations, *(("kube-prometheus-stack",) if row.when_monitored else ())}
        graph[name] = set() if row.foundation else first & rows.keys()
    return graph


def _releases(names: tuple[str, ...], rows: Mapping[str, AddOnRow], graph: Mapping[str, set[str]]) -> set[str]:
    """The nearest add-ons that Flux makes a release for: those without a chart, or before Flux, are looked through."""
    found: set[str] = set()
    for name in names:
        if rows[name].chart is not None and not rows[name].bootstrap:
            found.add(name)
        else:
            found |= _releases(tuple(graph[name]), rows, graph)
    return found


def install_order(graph: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The names in an order where everything that comes first comes first; the same graph gives the same order.

    Raises ValueError when they wait for each other in a circle.
    """
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError(f"add-ons wait for each other: {' -> '.join(error.args[1])}") from error
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return tuple(order)


def node_labels(context: AddOnContext, pool: str) -> dict[str, str]:
    """Labels that the add-ons expect on a pool's nodes, for whoever creates the nodes.

    Without `nvidia.com/mig.config` the MIG manager applies its default and cuts nothing; without
    `nvidia.com/device-plugin.config` a time-sliced node offers whole devices (NVIDIA/gpu-operator v26.7.0,
    values.yaml: migManager.config.default, devicePlugin.config.default).
    """
    found = next((p for p in context.pools if p.name == pool), None)
    if found is None:
        return {}
    labels: dict[str, str] = {}
    if found.sharing == "mig":
        labels["nvidia.com/mig.config"] = found.name
    if found.sharing == "time-slicing":
        labels["nvidia.com/device-plugin.config"] = found.name
    if found.sharing == "vgpu":
        labels["nvidia.com/gpu.workload.config"] = "vm-vgpu"
        labels["nvidia.com/vgpu.config"] = found.name
    if context.distribution == "gke":
        labels["gke-no-default-nvidia-gpu-device-plugin"] = "true"
    return labels


def k0s_helm_extension(add_on: ResolvedAddOn, order: int = 1, registry: str | None = None) -> dict[str, Any]:
    """The `spec.extensions.helm` block with which k0s itself installs an add-on: how a pull site gets its Flux.

    `registry` is the site's own mirror, whose `charts` folder it comes from. Raises ValueError for an add-on without a
    chart.
    """
    row = add_on.row
    if row.chart is None:
        raise ValueError(f"{add_on.name} has no chart")
    reference = f"oci://{registry}/charts/{row.chart}" if registry else row.reference if row.oci else None
    repositories = [] if reference else [{"name": add_on.name, "url": row.repository}]
    chart = {
        "name": add_on.name,
        "chartname": reference or f"{add_on.name}/{row.chart}",
        "version": row.version,
        "namespace": row.namespace,
        "order": order,
        "values": yaml.safe_dump(dict(add_on.values), sort_keys=True) if add_on.values else "",
    }
    return {"repositories": repositories, "charts": [chart]}
