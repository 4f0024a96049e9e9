"""What is wrong with a cluster's queues as a whole: what Kueue accepts object by object, and what then never works.

Owns: the five judgements below, each with the smallest fix. Refuses to own: reading manifests (queues.py).

- Units that mix in a cohort. Kueue compares bare numbers: a queue that says `1` where another says `20Gi` borrows a
  billion times what was meant (kueue#12207), and a job for a whole device lands on a slice of one.
- Quota that is counted twice. A cohort's own quota comes on top of its members' (kueue#5289).
- More promised on a flavour than its nodes have, over all cohorts.
- A borrower that does not list the flavour: Kueue lends only what a queue lists, even with a nominal quota of 0.
- Labels and resources that change when sharing is switched on (GPU Feature Discovery, device plugin).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ringfence.planning.feasibility.labels import changing
from ringfence.planning.feasibility.quantity import spelled
from ringfence.planning.feasibility.queues import Amounts, Place, Queues, Quotas

_SCALE = 1024
"""Two quantities of one resource that are further apart than this, one of them bare, count different things."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the nodes of one flavour have."""

    resources: Mapping[str, Fraction]
    """Accelerator resource to how many there are at most; others are not judged."""
    unit: str
    """Kind of unit: equal units can stand in for each other."""
    shared: bool
    """Whether a device serves several containers."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that will not work."""

    code: str
    where: str
    """The object, such as `ClusterQueue finance`."""
    message: str
    fix: str
    severity: Literal["error", "warning"] = "error"


def problems(queues: Queues, offers: Mapping[str, Offer] | None = None) -> list[Problem]:
    """Every problem. `offers` is flavour to what its nodes have; what is not there is judged by the queues alone."""
    known = offers or {}
    found: list[Problem] = []
    for root, members in queues.trees().items():
        found += _mixed_scales(root, members)
        found += _mixed_units(root, members, known)
        found += _twice(root, members, known)
        found += _cannot_borrow(root, members)
    found += _over(queues, known)
    found += _no_cohort(queues)
    found += _labels(queues, known)
    found += _not_offered(queues, known)
    return list(dict.fromkeys(found))


def _by_place(members: list[Quotas]) -> dict[Place, list[tuple[Quotas, Amounts]]]:
    found: dict[Place, list[tuple[Quotas, Amounts]]] = {}
    for member in members:
        for place, amounts in member.amounts.items():
            found.setdefault(place, []).append((member, amounts))
    return found


def _mixed_scales(root: str, members: list[Quotas]) -> Iterator[Problem]:
    for (flavor, resource), rows in _by_place(members).items():
        told = [(member, amounts.nominal) for member, amounts in rows if amounts.nominal.amount]
        large = [(member, each) for member, each in told if each.scaled]
        for member, each in told:
            other = next(((m, q) for m, q in large if q.amount > each.amount * _SCALE), None)
            if each.scaled or other is None:
                continue
            yield Problem(
                code="mixed-units",
                where=member.shown,
                message=f"{resource} of {flavor} is {each.written} here and {other[1].written} in {other[0].shown}: "
                f"Kueue reads bare units, so this queue borrows the whole of cohort {root}",
                fix=f"write it in the other's unit, such as {each.written}{other[1].written[-2:]}",
            )


def _mixed_units(root: str, members: list[Quotas], offers: Mapping[str, Offer]) -> Iterator[Problem]:
    """One resource name for whole devices in one flavour and for parts of devices in another."""
    units: dict[str, dict[str, str]] = {}
    for member in members:
        for flavor, resource in member.amounts:
            if flavor in offers and resource in offers[flavor].resources:
                units.setdefault(resource, {}).setdefault(offers[flavor].unit, flavor)
    for resource, by_unit in units.items():
        if len(by_unit) > 1:
            told = ", ".join(f"{unit} in {flavor}" for unit, flavor in sorted(by_unit.items()))
            yield Problem(
                code="mixed-units",
                where=f"Cohort {root}",
                message=f"one {resource} is {told}: a job for one gets the other",
                fix="give each kind of unit a cohort of its own",
            )


def _capacity(place: Place, offers: Mapping[str, Offer]) -> Fraction | None:
    flavor, resource = place
    return offers[flavor].resources.get(resource) if flavor in offers else None


def _twice(root: str, members: list[Quotas], offers: Mapping[str, Offer]) -> Iterator[Problem]:
    for place, rows in _by_place(members).items():
        below = sum((amounts.nominal.amount for member, amounts in rows if member.kind == "ClusterQueue"), Fraction())
        for member, amounts in rows:
            top = amounts.nominal
            if member.kind != "Cohort" or not top.amount or not below:
                continue
            capacity = _capacity(place, offers)
            if capacity is None and top.amount != below:
                continue  # it may be meant: a common reserve beside what the members have
            if capacity is not None and below + top.amount <= capacity:
                continue
            has = "" if capacity is None else f", and the nodes have {spelled(capacity, top.written)}"
            yield Problem(
                code="quota-counted-twice",
                where=member.shown,
                message=f"{top.written} {place[1]} of {place[0]} come on top of the {spelled(below, top.written)} of "
                f"its queues: {spelled(below + top.amount, top.written)} together{has}",
                fix=_less(top.amount, below, capacity, top.written),
            )


def _less(top: Fraction, below: Fraction, capacity: Fraction | None, like: str) -> str:
    room = max(capacity - below, Fraction()) if capacity is not None else Fraction()
    return f"set the cohort's own nominalQuota to {spelled(room, like)}" if room < top else "remove it"


def _over(queues: Queues, offers: Mapping[str, Offer]) -> Iterator[Problem]:
    for place, rows in _by_place([*queues.queues]).items():
        capacity = _capacity(place, offers)
        total = sum((amounts.nominal.amount for _, amounts in rows), Fraction())
        if capacity is None or total <= capacity:
            continue
        most, amounts = max(rows, key=lambda row: row[1].nominal.amount)
        less = max(amounts.nominal.amount - (total - capacity), Fraction())
        yield Problem(
            code="quotas-over-nodes",
            where=most.shown,
            message=f"queues promise {spelled(total)} {place[1]} of {place[0]}, and its nodes have {spelled(capacity)}",
            fix=f"nominalQuota: {spelled(less, amounts.nominal.written)} here"
            if total - capacity <= amounts.nominal.amount
            else f"take {spelled(total - capacity)} away",
        )


def _cannot_borrow(root: str, members: list[Quotas]) -> Iterator[Problem]:
    lent: dict[str, dict[str, Quotas]] = {}
    for member in members:
        for (flavor, resource), amounts in member.amounts.items():
            most = amounts.lending.amount if amounts.lending is not None else amounts.nominal.amount
            if amounts.nominal.amount and most:
                lent.setdefault(resource, {}).setdefault(flavor, member)
    for member in members:
        if member.kind != "ClusterQueue":
            continue
        for resource in dict.fromkeys(resource for _, resource in member.amounts):
            own = {flavor: each for (flavor, name), each in member.amounts.items() if name == resource}
            if not any(each.borrowing is None or each.borrowing.amount for each in own.values()):
                continue
            for flavor in sorted(set(lent.get(resource, ())) - set(own)):
                lender = lent[resource][flavor]
                yield Problem(
                    code="borrower-without-flavor",
                    where=member.shown,
                    message=f"it may borrow {resource}, and never gets any of {flavor}, which {lender.shown} lends in "
                    f"cohort {root}: a queue borrows only flavours that it lists",
                    fix=f"list {flavor} with nominalQuota 0",
                    severity="warning",
                )


def _no_cohort(queues: Queues) -> Iterator[Problem]:
    for queue in queues.queues:
        limited = [
            place for place, each in queue.amounts.items() if each.borrowing is not None or each.lending is not None
        ]
        if queue.above is None and limited:
            yield Problem(
                code="limit-without-cohort",
                where=queue.shown,
                message=f"{limited[0][1]} of {limited[0][0]} has a borrowing or lending limit, and the queue no cohort",
                fix="set cohortName, or remove the limits",
            )


def _labels(queues: Queues, offers: Mapping[str, Offer]) -> Iterator[Problem]:
    for name, labels in queues.flavors.items():
        for key in changing(labels):
            shared = name in offers and offers[name].shared
            yield Problem(
                code="changing-label",
                where=f"ResourceFlavor {name}",
                message=f"node label {key} is written by GPU Feature Discovery and changes when sharing is switched on"
                + (": on these nodes it is" if shared else ""),
                fix="select the pool by a label of your own, such as ringfence.dev/pool",
                severity="error" if shared else "warning",
            )


def _not_offered(queues: Queues, offers: Mapping[str, Offer]) -> Iterator[Problem]:
    for queue in queues.queues:
        for (flavor, resource), amounts in queue.amounts.items():
            offer = offers.get(flavor)
            judged = offer is not None and "/" in resource and amounts.nominal.amount
            if offer is None or not judged or resource in offer.resources:
                continue
            there = sorted(offer.resources)
            told = ", ".join(there) or "no accelerator"
            yield Problem(
                code="resource-not-offered",
                where=queue.shown,
                message=f"the nodes of {flavor} never offer {resource}; they offer {told}",
                fix=f"count {there[0]} there" if there else f"take {flavor} off this queue",
            )
