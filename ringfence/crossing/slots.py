"""Secrets of a state as named slots: nothing secret crosses, and the other side fills in its own.

Owns: taking secrets out of an exported state, naming them, and putting values in again for an import. Refuses to own:
the slots of rendered manifests (ringfence.rendering.slots) and where values come from (`given.py`). Values are in
memory only; an import reads them from standard input.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from ringfence.crossing.canonical import RUN_ONLY, SECRET, SIGNATURE, is_secret
from ringfence.errors import RingfenceError

SLOT = "ringfence:slot"
LABELS = "ringfence:labels"
"""Stands for a secret that is none, with its value."""
_NO_SECRETS = ("outputs.effectiveLabels", "outputs.pulumiLabels")
"""Labels of Google's resources. Its provider marks both as secret to keep them out of differences, though whoever may
see the resource sees them, and the program says them in plain (pulumi-gcp, outputs of any resource with labels)."""
Step = str | int


@dataclass(frozen=True)
class Emptied:
    """A state without its secrets."""

    state: dict[str, Any]
    """As exported, with `{"ringfence:slot": NAME}` wherever a secret was, and no secrets provider."""
    slots: dict[str, list[str]]
    """Slot name to every place that holds the same value, as `URN path`."""
    values: dict[str, Any]
    """Slot name to the value: for the search for leaks. It never leaves the process."""


def empty(export: Mapping[str, Any]) -> Emptied:
    """Take the secrets out of a state that was exported with `--show-secrets`.

    Places that hold the same value share a slot, named after the first of them, so that nobody is asked twice.

    Raises:
        RingfenceError: a secret came out as null: the passphrase was wrong, and importing it would destroy the secret
            (pulumi/pulumi#23476); or it was not decrypted.
    """
    state = _portable(export)
    deployment = state["deployment"]
    named: dict[str, str] = {}
    slots: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for resource in sorted(deployment["resources"], key=lambda each: each["urn"]):
        for place, holder, key in _secrets(resource):
            value = _value(holder[key], f"{resource['urn']} {place}")
            if resource["type"].startswith("gcp:") and place in _NO_SECRETS:
                holder[key] = {LABELS: value}
                continue
            spelled = json.dumps(value, sort_keys=True)
            name = named.setdefault(spelled, _name(resource["urn"], place))
            slots.setdefault(name, []).append(f"{resource['urn']} {place}")
            values[name] = value
            holder[key] = {SLOT: name}
    return Emptied(state, {name: slots[name] for name in sorted(slots)}, values)


def _portable(export: Mapping[str, Any]) -> dict[str, Any]:
    """A state without its secrets provider, its times and the paths of the machine that made it: two machines that have
    the same resources make the same bytes."""
    found = export.get("deployment") or {}
    resources = _ordered([_steady(each) for each in found.get("resources") or []])
    return copy.deepcopy({"version": export.get("version", 3), "deployment": {"resources": resources}})


def _steady(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without what differs from run to run: the order in which dependencies were found is one such thing."""
    kept = {key: value for key, value in resource.items() if key not in RUN_ONLY}
    if isinstance(kept.get("dependencies"), list):
        kept["dependencies"] = sorted(kept["dependencies"])
    if isinstance(kept.get("propertyDependencies"), Mapping):
        found = kept["propertyDependencies"].items()
        kept["propertyDependencies"] = {key: sorted(urns) if urns else urns for key, urns in found}
    return kept


def _ordered(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By URN, but each after what it needs, as the engine wants a state; unchanged where a URN is there twice."""
    by_urn = {each["urn"]: each for each in resources}
    if len(by_urn) != len(resources):
        return resources
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for urn, each in by_urn.items():
        needs = [
            *(each.get("dependencies") or ()),
            each.get("parent"),
            (each.get("provider") or "").rpartition("::")[0],
        ]
        sorter.add(urn, *(str(need) for need in needs if need in by_urn and need != urn))
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return [by_urn[urn] for urn in order]


def _secrets(resource: dict[str, Any]) -> Iterator[tuple[str, Any, Step]]:
    """Every secret of a resource: its path, and where to replace it."""

    def walk(value: Any, path: str) -> Iterator[tuple[str, Any, Step]]:
        steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in list(steps):
            where = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}"
            if is_secret(item):
                yield where, value, key
            else:
                yield from walk(item, where)

    for field in ("inputs", "outputs"):
        if isinstance(resource.get(field), dict):
            yield from walk(resource[field], field)


def _value(marked: Mapping[str, Any], where: str) -> Any:
    if "plaintext" not in marked:
        raise RingfenceError(f"{where}: this secret was not decrypted: set the stack's passphrase and export again")
    value = json.loads(marked["plaintext"])
    if value is None:
        raise RingfenceError(
            f"{where}: this secret decrypts to nothing: the passphrase is not the one it was encrypted with, or the "
            "state is damaged; exporting it would destroy the secret on the other side"
        )
    return value


def _name(urn: str, place: str) -> str:
    kind, _, name = urn.rpartition("::")
    short = kind.rpartition("::")[2].rpartition("$")[2].rpartition(":")[2]
    return re.sub(r"[^A-Za-z0-9._\[\]/-]+", "-", f"{short}/{name}/{place}")


def fill(state: Mapping[str, Any], values: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    """A state that can be imported: each slot with its value, and the engine's stamp and secrets provider of the stack
    that takes it, from its own fresh state.

    Raises:
        RingfenceError: slots without a value, all of them named.
    """
    missing: set[str] = set()

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            name = value.get(SLOT)
            if isinstance(name, str) and len(value) == 1:
                if name not in values:
                    missing.add(name)
                return {SIGNATURE: SECRET, "plaintext": json.dumps(values.get(name))}
            if len(value) == 1 and LABELS in value:
                return {SIGNATURE: SECRET, "plaintext": json.dumps(value[LABELS])}
            return {key: walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    filled = walk(state)
    if missing:
        listed = "\n  ".join(sorted(missing))
        raise RingfenceError(f"{len(missing)} slots have no value: give them with --slots FILE\n  {listed}")
    filled["deployment"] |= {key: fresh["deployment"][key] for key in ("manifest", "secrets_providers")}
    return filled


def secret_places(state: Mapping[str, Any]) -> Any:
    """The emptied state with each slot as the engine's own marker: its canonical form is that of the full state."""

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            if len(value) == 1 and (SLOT in value or LABELS in value):
                return {SIGNATURE: SECRET}
            return {key: walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return walk(state)
