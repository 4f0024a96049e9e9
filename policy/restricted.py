"""Whether a resource holds or works on data with borders: what the rules on exposure and keys ask first.

Owns: the answer where nothing is said (it does). Refuses to own: what a class permits (policy.contract).
"""

from __future__ import annotations

from policy.classes import Classes, classes_of
from policy.resource import Resource
from policy.rule import Context


def restricted(resource: Resource, context: Context) -> bool:
    """Whether any class of the resource has borders. One that names no class is taken to have some."""
    return restricts(classes_of(resource, context), context)


def restricts(classes: Classes, context: Context) -> bool:
    """The same of classes that were read before."""
    if context.contract is None or not classes.names:
        return True
    return any(context.contract.restricted(name) for name in classes.names)


def explicitly_restricted(resource: Resource, context: Context) -> tuple[bool, bool]:
    """(whether the program itself says that a class with borders is there, whether the graph could still tell)."""
    classes = classes_of(resource, context)
    if classes.graph_may_tell:
        return False, True
    return bool(classes.names) and restricts(classes, context), False
