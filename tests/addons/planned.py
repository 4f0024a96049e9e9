"""What an add-on's plan comes to in one context: its values and its objects."""

from __future__ import annotations

from components.addons.catalogue import VALUES, add_on_objects
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import plan_add_ons
from ringfence.spec.cluster import AddOnOverride

ON = AddOnOverride()


def values(context: AddOnContext, name: str, *others: str) -> dict:
    return dict(plan_add_ons(context, dict.fromkeys((name, *others), ON), VALUES)[name].values)


def objects(context: AddOnContext, name: str, *others: str) -> dict[str, dict]:
    plan = plan_add_ons(context, dict.fromkeys((name, *others), ON), VALUES)
    return {f"{m['kind']}/{m['metadata']['name']}": m for m in add_on_objects(name, plan.context)}
