"""A type as the SDK wrote it (`pulumi.Input[Optional[Sequence[...]]]`) -> the type model.

Owns parsing and the cache of object types. An annotation it cannot follow becomes "anything": never a false refusal.
"""

from __future__ import annotations

import ast
from pathlib import Path

from ringfence.engine.providers.schema.model import (
    ANYTHING,
    ASSET,
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Constant,
    EnumOf,
    ListOf,
    MapOf,
    ObjectType,
    OneOf,
    Property,
    Type,
)
from ringfence.engine.providers.schema.source import SdkFile, find_class

_SCALARS = {"str": STRING, "int": INTEGER, "float": NUMBER, "bool": BOOLEAN, "Any": ANYTHING}
_WRAPPERS = {"Input", "Output", "Optional", "Awaitable", "InputType"}
_ASSETS = {"Asset", "Archive"}


class TypeReader:
    """Builds types of one SDK; each class is read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects: dict[tuple[Path, str], Type] = {}
        self._sources: dict[int, tuple[SdkFile, str]] = {}

    def parse(self, here: SdkFile, annotation: str) -> Type:
        """The type that an annotation in module `here` means."""
        try:
            tree = ast.parse(annotation, mode="eval").body
        except SyntaxError:
            return ANYTHING
        return self._node(here, tree)

    def object(self, here: SdkFile, name: str) -> Type:
        """The object or enum of a class found in module `here`."""
        key = (here.path, name)
        known = self._objects.get(key)
        if known is not None:
            return known
        values = here.enum_values(name)
        if values is not None:
            enum = EnumOf(name, values)
            self._objects[key] = enum
            return enum
        made = ObjectType(_plain_name(name))
        self._objects[key] = made
        self._sources[id(made)] = (here, name)
        required = here.required(name)
        constants = here.constants(name)
        for getter in here.getters(name):
            shape: Type = self.parse(here, getter.annotation)
            if getter.python_name in constants:
                shape = Constant(constants[getter.python_name])
            made.properties[getter.wire_name] = Property(shape, getter.python_name in required, getter.python_name)
        return made

    def documentation(self, made: ObjectType) -> dict[str, str]:
        """What the SDK says of each property of an object that this reader made, by wire name."""
        found = self._sources.get(id(made))
        return found[0].documentation(found[1]) if found else {}

    def _node(self, here: SdkFile, node: ast.expr) -> Type:
        if isinstance(node, ast.Constant):
            if node.value is None:
                return ANYTHING
            return self._named(here, str(node.value))
        if isinstance(node, ast.Subscript):
            return self._generic(here, node)
        return self._named(here, ast.unparse(node))

    def _generic(self, here: SdkFile, node: ast.Subscript) -> Type:
        name = ast.unparse(node.value).rsplit(".", 1)[-1]
        inner = node.slice
        arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name in _WRAPPERS:
            return self._node(here, arguments[0])
        if name in ("Sequence", "List", "list"):
            return ListOf(self._node(here, arguments[0]))
        if name in ("Mapping", "Dict", "dict"):
            return MapOf(self._node(here, arguments[-1]))
        if name == "Literal":
            values = [item.value for item in arguments if isinstance(item, ast.Constant)]
            return Constant(values[0]) if len(values) == 1 else EnumOf("", tuple(values))
        if name == "Union":
            return _union([self._node(here, item) for item in arguments if not _is_typed_dict(item)])
        return ANYTHING

    def _named(self, here: SdkFile, dotted: str) -> Type:
        if "[" in dotted:
            return self.parse(here, dotted)
        last = dotted.rsplit(".", 1)[-1]
        if dotted.startswith(("_builtins.", "builtins.")) or dotted in _SCALARS:
            return _SCALARS.get(last, ANYTHING)
        if dotted.startswith("pulumi."):
            return ASSET if last in _ASSETS else ANYTHING
        found = find_class(self.root, here, dotted)
        return self.object(*found) if found else ANYTHING


def _union(options: list[Type]) -> Type:
    unique: list[Type] = []
    for option in options:
        for single in option.options if isinstance(option, OneOf) else (option,):
            if single is ANYTHING:
                return ANYTHING
            if single not in unique:
                unique.append(single)
    return unique[0] if len(unique) == 1 else OneOf(tuple(unique))


def _is_typed_dict(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).endswith("ArgsDict")


def _plain_name(name: str) -> str:
    return name.removesuffix("InitArgs").removesuffix("Args").lstrip("_")
