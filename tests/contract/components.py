"""Finds every component under components/ and reads its source, for the tests that hold for all of them.

Owns: discovery (by source, so that nothing is imported before a test runs) and the few questions that are asked of a
class's syntax. Refuses to own: what the answers ought to be (test_components.py).
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

from tests.support.engine import REPOSITORY

COMPONENTS = REPOSITORY / "components"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Component:
    """One ComponentResource in the tree."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module.removeprefix('components.')}.{self.name}"

    @property
    def source(self) -> ast.ClassDef:
        """The class as it is written."""
        return next(each for each in classes(self.module) if each.name == self.name)

    def load(self) -> tuple[ModuleType, Any]:
        """Its module and class; skips the test where the extra with its cloud's SDK is not installed."""
        try:
            module = importlib.import_module(self.module)
        except pulumi.RunError as error:
            pytest.skip(str(error))
        return module, getattr(module, self.name)


def module_files() -> dict[str, Path]:
    """Every Python module under components/, by its dotted name."""
    found = {}
    for file in sorted(COMPONENTS.rglob("*.py")):
        parts = file.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def syntax(module: str) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(module_files()[module].read_text(encoding="utf-8"))


def classes(module: str) -> list[ast.ClassDef]:
    """The classes at the top of a module."""
    return [node for node in syntax(module).body if isinstance(node, ast.ClassDef)]


def discover() -> list[Component]:
    """Every class with a base that is called ...ComponentResource."""
    return [
        Component(module, node.name)
        for module in module_files()
        for node in classes(module)
        if any(ast.unparse(base).endswith("ComponentResource") for base in node.bases)
    ]


def camel(name: str) -> str:
    """snake_case as Pulumi spells outputs."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def attributes(node: ast.ClassDef) -> dict[str, tuple[str, str | None]]:
    """Public annotated attribute to its annotation and its docstring (None where it has none)."""
    found: dict[str, tuple[str, str | None]] = {}
    for position, statement in enumerate(node.body):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        after = node.body[position + 1] if position + 1 < len(node.body) else None
        said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        if not statement.target.id.startswith("_"):
            found[statement.target.id] = (ast.unparse(statement.annotation), said if isinstance(said, str) else None)
    return found


def assigned(node: ast.ClassDef) -> set[str]:
    """Public attributes that the class sets on itself anywhere."""
    return {
        target.attr
        for target in ast.walk(node)
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
        and not target.attr.startswith("_")
    }


def registered(node: ast.ClassDef) -> set[str]:
    """Keys with which the class registers its own attributes: those of `"key": self.key` in a dictionary."""
    return {
        str(key.value)
        for dictionary in ast.walk(node)
        if isinstance(dictionary, ast.Dict)
        for key, value in zip(dictionary.keys, dictionary.values, strict=True)
        if isinstance(key, ast.Constant)
        and isinstance(key.value, str)
        and key.value == camel(key.value)
        and ast.unparse(value) == f"self.{snake(key.value)}"
    }


def snake(name: str) -> str:
    """What `camel` undoes."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Every call beneath a node."""
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))


def functions(module: str) -> dict[str, Function]:
    """Functions and methods of a module by name; of two with one name, the last."""
    return {node.name: node for node in ast.walk(syntax(module)) if isinstance(node, Function)}


def given_to_apply(module: str) -> Iterator[tuple[int, ast.AST]]:
    """What each `.apply(...)` of a module is given, where its code is in the module, with the line."""
    known = functions(module)
    for call in calls(syntax(module)):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "apply"):
            continue
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            name = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", None)
            found = argument if isinstance(argument, ast.Lambda) else known.get(name or "")
            if found is not None:
                yield call.lineno, found


def creates(module: ModuleType, code: ast.AST, seen: frozenset[str] = frozenset()) -> list[str]:
    """Resource classes that a piece of code calls, itself or by way of other functions of its module."""
    known, found = functions(module.__name__), []
    for call in calls(code):
        written = ast.unparse(call.func)
        value = resolve(module, written)
        if isinstance(value, type) and issubclass(value, pulumi.Resource):
            found.append(written)
        name = written.removeprefix("self.")
        if name in known and name not in seen:
            found += creates(module, known[name], seen | {name})
    return found


def resolve(module: ModuleType, dotted: str) -> Any:
    """What a dotted name means at the top of a module; None where it means nothing there."""
    value: Any = module
    for part in dotted.split("."):
        value = getattr(value, part, None) if part.isidentifier() else None
    return value
