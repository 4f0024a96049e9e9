"""What the three clouds share: made-up names, ids, outputs from the table, and what is known of them before `up`.

Owns the flow; a cloud's own facts (regions, accounts, name styles) are its family's.
"""

from __future__ import annotations

import csv
import json
import uuid
from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path as File
from typing import Any

from ringfence.engine.providers.families.base import Family, Path, Resource
from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN, digest, made_up
from ringfence.engine.providers.outputs.templates import Facts, fill, templates
from ringfence.engine.providers.outputs.typed import certificate, value_of
from ringfence.engine.providers.replacement import forcing
from ringfence.engine.providers.schema.model import Scalar, Type
from ringfence.engine.providers.wire import UNKNOWN, Secret

_DATA = File(__file__).parents[1] / "data"


@lru_cache(maxsize=1)
def _names() -> dict[tuple[str, str], tuple[str, str]]:
    with (_DATA / "names.csv").open(encoding="utf-8", newline="") as rows:
        return {(row["package"], row["type"]): (row["property"], row["style"]) for row in csv.DictReader(rows)}


class Cloud(Family):
    """A cloud's package."""

    package = ""
    separator = "-"
    digits = 7
    placed: frozenset[str] = frozenset()
    """Inputs that the cloud gives back from the provider's configuration where a resource leaves them out."""

    def name_property(self, resource: Resource) -> tuple[str, str] | None:
        """The property that holds a resource's name, and the style of a made-up one; None when none is made up."""
        special = _names().get((self.package, resource.token))
        if special:
            return special if special[0] else None
        shape = resource.shape
        known = shape.inputs.properties.get("name") if shape else None
        if known and not known.required and isinstance(known.type, Scalar) and known.type.kind == "string":
            return "name", ""
        return None

    def name_in(self, inputs: dict[str, Any]) -> str | None:
        return None

    def defaults(self, resource: Resource, previous: dict[str, Any], autonaming: Any) -> dict[Path, Any]:
        """The made-up name, kept once it was made up."""
        named = self.name_property(resource)
        if named is None:
            return {}
        key, style = named
        if key in resource.inputs or f"{key}Prefix" in resource.inputs:
            return {}
        kept = previous.get(key)
        name = kept or self.make_name(resource, style, previous.get("__replaced", ""), autonaming)
        return {(key,): name} if name else {}

    def make_name(self, resource: Resource, style: str, replaced: str, autonaming: Any) -> str | None:
        """A made-up name in a style: `lower`, `alnum<n>` (letters and digits, at most n), `uuid`, or any."""
        if style == "uuid":
            return str(uuid.uuid5(uuid.NAMESPACE_URL, resource.urn + replaced))
        stem = resource.name
        if style.startswith("alnum"):
            limit = int(style[5:])
            letters = "".join(letter for letter in stem.lower() if letter.isalnum())
            digits = 4 if limit < 16 else 8
            return letters[: limit - digits] + digest(resource.urn, replaced, length=digits)
        name = made_up(stem, resource.urn, replaced, autonaming, separator=self.separator, digits=self.digits)
        return name.lower() if name and style == "lower" else name

    def replacements(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], bool]:
        named = self.name_property(Resource(token, "", "", self.registry.resource(token), new))
        return forcing(self.registry.package.name, token, (named[0],) if named else ())

    @abstractmethod
    def place(self, resource: Resource) -> dict[str, str]:
        """Facts of where a resource is: region, account, partition, project ..."""

    def shown(self, resource: Resource) -> dict[str, Any]:
        """Outputs that the real provider knows in a preview too: defaults from its configuration, merged tags."""
        return {}

    def facts(self, resource: Resource, id: str) -> Facts:
        """What templates may say of a resource."""
        named = self.name_property(resource)
        name = resource.inputs.get(named[0]) if named else None
        given: dict[str, str | Callable[[], str]] = {
            "id": id,
            "name": name if isinstance(name, str) else self._identity_name(resource, id),
            "certificate": lambda: certificate(digest(resource.urn, id)),
            "uuid": lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.urn}/{id}")),
            "resource": resource.name,
        }
        return Facts((resource.urn, id), {**given, **self.place(resource)}, resource.inputs)

    def _identity_name(self, resource: Resource, id: str) -> str:
        for key in ("name", "id"):
            value = resource.inputs.get(key)
            if isinstance(value, str):
                return value
        return id.rsplit("/", 1)[-1] if id else resource.name

    def computed(self, resource: Resource) -> dict[Path, Any]:
        """What is added in a preview: unknown, but for what the real provider knows."""
        if resource.shape is None:
            return {}
        inputs = resource.shape.inputs.properties
        shown = self.shown(resource)
        added: dict[Path, Any] = {
            (name,): UNKNOWN
            for name in resource.shape.outputs.properties
            if name not in inputs and name not in resource.inputs
        }
        for path in templates(self.package, resource.token):
            keys = tuple(path.split("."))
            if (len(keys) == 1 and keys[0] in resource.shape.outputs.properties and keys[0] not in resource.inputs) or (
                len(keys) > 1 and _missing(resource.inputs, keys)
            ):
                added[keys] = UNKNOWN
        return {**added, **{(key,): value for key, value in shown.items() if key not in resource.inputs}}

    def identify(self, resource: Resource, secret: frozenset[str]) -> str:
        template = templates(self.package, resource.token).get("id", "")
        forces = self.replacements(resource.token, resource.inputs, resource.inputs)
        fixed = {
            key: value for key, value in resource.inputs.items() if key not in secret and (forces(key) or key == "name")
        }
        seed = digest(resource.urn, json.dumps(fixed, sort_keys=True, default=str), length=32)
        facts = self.facts(resource, seed)
        return str(fill(template, facts)) if template else self.plain_id(resource, facts)

    def plain_id(self, resource: Resource, facts: Facts) -> str:
        """The id of a type that the table does not know."""
        return facts["name"]

    def outputs(self, resource: Resource, id: str) -> dict[Path, Any]:
        shape = resource.shape
        if shape is None:
            return {}
        facts = self.facts(resource, id)
        rows = templates(self.package, resource.token)
        added: dict[Path, Any] = {}
        for path, template in rows.items():
            keys = tuple(path.split("."))
            if path != "id" and keys[0] in shape.outputs.properties and _missing(resource.inputs, keys):
                added[keys] = _as_written(fill(template, facts.seeded(path)), shape.outputs.properties[keys[0]].type)
        shown = self.shown(resource)
        for name, known in shape.outputs.properties.items():
            if name in resource.inputs or (name,) in added:
                continue
            if name in shown:
                added[name,] = shown[name]
            elif name in self.placed:
                added[name,] = facts[name]
            elif name not in shape.inputs.properties:
                value = value_of(known.type, name, facts.seeded(name))
                if value is not None:
                    added[name,] = value
        return {
            path: Secret(value) if path[0] in shape.secrets and len(path) == 1 and name_is_secret(path[0]) else value
            for path, value in added.items()
        }

    def found(self, resource: Resource, id: str) -> tuple[dict[str, Any], dict[Path, Any]]:
        """A resource that is only known by its id, of which the last part is its name."""
        named = self.name_property(resource)
        inputs = {named[0]: id.rstrip("/").rsplit("/", 1)[-1]} if named else {}
        resource.inputs = {**inputs, **resource.inputs}
        if resource.shape is None:
            return inputs, {}
        # Where it is cannot be taken from the provider: it is there already.
        elsewhere = {(key,): UNKNOWN_IN_PLAN for key in self.placed if key in resource.shape.outputs.properties}
        return inputs, {**self.outputs(resource, id), **elsewhere}


def _as_written(value: Any, shape: Type) -> Any:
    """A number of the table where the property is one."""
    number = isinstance(shape, Scalar) and shape.kind in ("integer", "number")
    return int(value) if number and isinstance(value, str) and value.isdigit() else value


def name_is_secret(name: str) -> bool:
    """Labels are marked secret by the SDK too, and those the engine wraps itself."""
    return name not in ("effectiveLabels", "pulumiLabels")


def _missing(inputs: dict[str, Any], keys: Path) -> bool:
    """Whether an output path is not an input: the parents, if any, are there and the last key is not."""
    here: Any = inputs
    for key in keys[:-1]:
        here = here.get(key) if isinstance(here, dict) else None
    return isinstance(here, dict) and keys[-1] not in here
