"""Mutants of what nobody has read yet (policy/swept): one such property of each type, set.

Owns them. A property that is declared to be at home is the compliant variant. Refuses to own which those are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy import tables
from ringfence.mutation import shapes
from ringfence.mutation.base import PROVIDERS, made, stack
from ringfence.mutation.families import locators
from ringfence.mutation.filling import DECLARED
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Program, placed

_RULE = frozenset({"residency-unreviewed"})
_ABROAD = {
    "aws": ("arn:aws:things:us-east-1:111111111111:thing/afar", ("us-east-1", "US")),
    "gcp": ("projects/clinic/locations/us-central1/things/afar", ("us-central1", "US")),
}
"""By package: a name that says its own place, abroad."""


def cases() -> Iterator[Case]:
    """Every type that says its own class, or keeps data, and has a property that nothing reads."""
    for package in PROVIDERS:
        names = ("kubernetes", "custom") if package == "kubernetes" else (package,)
        for token in (token for name in names for token in tables.known_types(name)):
            path = _first(token)
            if path is not None and (shapes.tag_path(token) or tables.is_store(token)):
                yield from _of(token, path, package)


def _first(token: str) -> str | None:
    """The first such property that takes a text, else the first switch."""
    paths = tables.not_yet(token) or ()
    taken = [path for path in paths if not path.startswith(("tags", "labels", "metadata"))]
    texts = [path for path in taken if not shapes.is_boolean(token, path)]
    return next(iter(texts or taken), None)


def _of(token: str, path: str, package: str) -> Iterator[Case]:
    switch = shapes.is_boolean(token, path)
    leaks: list[tuple[str, Any, tuple[str, ...]]] = [
        ("on", True, ()) if switch else ("undeclared", "nobody-knows", ()),
        ("unknown", UNKNOWN, ()),
    ]
    if not switch and package in _ABROAD:
        value, places = _ABROAD[package]
        leaks.append(("abroad", value, places))
    for how, value, places in leaks:
        program = _program(token, path, value, package)
        expected = Expected(_RULE, "it", path, places)
        yield Mutant(f"unread/{token}/{how}", package, "unreviewed", program, expected, how)
    fine = False if switch else DECLARED
    program = _program(token, path, fine, package)
    if locators.alone(token, program):
        yield Compliant(f"unread/{token}/declared", package, "unreviewed", program)


def _program(token: str, path: str, value: Any, package: str) -> Program:
    whole = made(token, "it", inputs=placed({}, path, value))
    contract = {} if shapes.tag_path(token) else {"defaultDataClass": "patient"}
    return stack(package).adding(whole.all, contract)
