"""Add-on to its code: which add-ons compute values for one cluster, and which bring objects of their own.

Owns: the two tables. Refuses to own: what is in the functions, which is one file per add-on. An add-on that is only a
row of ringfence/facts/addons.yaml does not appear here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from components.addons import gpu_operator
from components.addons.manifests import Manifest, Objects
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import ResolvedAddOn, ValuesFunction

VALUES: Mapping[str, ValuesFunction] = {
    "gpu-operator": gpu_operator.values,
}
"""Add-on to what it sets for one cluster, over its row."""

OBJECTS: Mapping[str, Callable[[AddOnContext], Objects]] = {
    "gpu-operator": gpu_operator.objects,
}
"""Add-on to the objects that its chart does not make."""


def add_on_objects(add_on: ResolvedAddOn, context: AddOnContext) -> tuple[tuple[Manifest, ...], tuple[Manifest, ...]]:
    """The objects to make before and after an add-on's release."""
    objects = OBJECTS.get(add_on.name, _none)(context)
    return objects.before, objects.after


def _none(_: AddOnContext) -> Objects:
    return Objects()
