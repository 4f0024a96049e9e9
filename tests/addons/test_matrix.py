"""Every add-on on every kind of cluster: no dead value, and no object that the API server would refuse."""

from __future__ import annotations

import json

import pytest

from components.addons.catalogue import OBJECTS, VALUES, add_on_objects
from components.addons.install import Signature, Target, flux_release, flux_source
from ringfence.facts.addons import add_on_rows
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlan, AddOnPlanError, plan_add_ons
from ringfence.planning.charts import check_values
from ringfence.spec.cluster import AddOnOverride
from tests.addons.contexts import variants
from tests.addons.shared import CHARTS, with_charts
from tests.support.kubernetes import problems, shared_definitions

ON = AddOnOverride()
BESIDE = ("kube-prometheus-stack", "gpu-operator", "kueue", "ai-gateway", "kserve-llmisvc", "kserve-localmodel")
"""Add-ons that change what others set."""


def plans(name: str) -> list[tuple[str, AddOnPlan]]:
    """The add-on alone and in company, on every cluster where it works."""
    found = []
    for label, context in variants():
        for others in ((), BESIDE):
            try:
                plan = plan_add_ons(context, dict.fromkeys((*others, name), ON), VALUES)
            except AddOnPlanError:
                continue
            found.append((f"{label}+{len(others)}", plan))
    return found


@with_charts
@pytest.mark.parametrize("name", sorted(VALUES))
def test_computed_values_are_all_read(name: str) -> None:
    row = add_on_rows()[name]
    tried = plans(name)
    assert tried, "no cluster of the matrix can have it"
    if row.chart is None:
        return
    distinct = {json.dumps(plan[name].values, sort_keys=True): (label, plan[name].values) for label, plan in tried}
    for label, values in distinct.values():
        assert check_values(CHARTS / row.chart_folder, values, label) == []


@shared_definitions
@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_objects_are_what_their_kinds_take(name: str) -> None:
    manifests = [m for _, plan in plans(name) for m in add_on_objects(name, plan.context)]
    assert manifests, "no cluster of the matrix makes any"
    assert problems(manifests) == []


@shared_definitions
@pytest.mark.parametrize("registry", [None, "registry.fra.internal"])
def test_flux_objects_are_what_their_kinds_take(registry: str | None) -> None:
    context = dict(variants())["fra"]
    names = [n for n, row in add_on_rows().items() if row.chart and not row.bootstrap and _works(n, context)]
    target = Target(
        cluster="fra",
        delivery="pull",
        registry=registry,
        labels={"ringfence.dev/site": "fra"},
        signature=Signature(issuer="^https://ci$", subject="^release$"),
    )
    for name in names:
        add_on = plan_add_ons(context, {name: ON}, VALUES)[name]
        made = [flux_source(add_on, target), flux_release(add_on, target, add_on.values)]
        assert problems([{"apiVersion": m.pop("api_version"), **m} for m in made]) == []
    assert len(names) > 40


def _works(name: str, context: AddOnContext) -> bool:
    try:
        plan_add_ons(context, {name: ON}, VALUES)
    except AddOnPlanError:
        return False
    return True
