"""The canonical form of a stack's state and of its plan: equal on two sides exactly when the two sides agree.

Owns: what is left out because it differs from run to run without meaning anything (times, positions in the program's
source, identifiers of provider instances, ciphertexts, order), and the digest of the rest (RFC 8785, SHA-256). Refuses
to own: getting states and plans (the engine), and values of secrets: of a secret only its place is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

# How Pulumi marks in JSON what JSON has no type for (sdk/go/common/resource/sig, sdk/go/common/resource/plugin).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

RUN_ONLY = frozenset({"created", "modified", "sourcePosition", "stackTrace"})
"""Fields of a resource that say when it was made and by which line, not what it is."""
_UNORDERED = ("dependencies", "additionalSecretOutputs", "aliases")
_LARGEST = 2**53 - 1
_PROVIDER = "pulumi:providers:"
SECRET_PLACE = {"ringfence:secret": True}
UNKNOWN_PLACE = {"ringfence:unknown": True}


def is_secret(value: Any) -> bool:
    """Whether a value is the engine's marker of a secret."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET


def plain(value: Any) -> Any:
    """A value with secrets and unknowns as places, and with numbers that JSON has no exact spelling for as text."""
    if is_secret(value):
        return SECRET_PLACE
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return UNKNOWN_PLACE if UNKNOWN in value else value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return str(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _LARGEST else repr(value)
    return value


def canonical_state(export: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of an exported state (`pulumi stack export`), in canonical form and order."""
    resources = (export.get("deployment") or {}).get("resources") or []
    made = [_resource(resource) for resource in resources]
    return sorted(made, key=lambda each: (each["urn"], bool(each.get("delete")), str(each.get("id", ""))))


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: plain(value) for key, value in resource.items() if key not in RUN_ONLY and value not in (None, [], {})}
    kept.setdefault("inputs", {})
    kept.setdefault("outputs", {})
    if resource["type"].startswith(_PROVIDER):
        kept.pop("id", None)  # Drawn anew with each state.
    if resource.get("provider"):
        kept["provider"] = _without_id(resource["provider"])
    for key in _UNORDERED:
        if isinstance(kept.get(key), list):
            kept[key] = sorted(kept[key], key=str)
    if isinstance(kept.get("propertyDependencies"), dict):
        found = kept["propertyDependencies"].items()
        kept["propertyDependencies"] = {key: sorted(urns) for key, urns in found if urns}
    return kept


def canonical_plan(
    planned: Mapping[str, Mapping[str, Any]], operations: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What a preview would leave, by URN: type, inputs, parent, provider and protection of each resource that stays.

    The steps that lead there (create, update, nothing) are not part of it: two sides that start from different states
    and mean the same end have the same plan. `planned` and `operations` are a preview's (`engine.run.Result`).
    """
    made = {}
    for urn, resource in planned.items():
        if operations.get(urn) in ("delete", "discard"):
            continue
        made[urn] = {
            "type": resource["type"],
            "custom": bool(resource.get("custom")),
            "parent": resource.get("parent") or "",
            "provider": _without_id(resource.get("provider") or ""),
            "protect": bool(resource.get("protect")),
            "inputs": plain(resource.get("inputs") or {}),
        }
    return dict(sorted(made.items()))


def _without_id(provider: str) -> str:
    """A reference to a provider is its URN and the id of that instance, which is drawn anew with each state."""
    return provider.rpartition("::")[0] if provider.count("::") > 3 else provider


def canonical_bytes(value: Any) -> bytes:
    """The one spelling (RFC 8785)."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """`sha256:` and the SHA-256 of the one spelling."""
    return f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"


def differences(wanted: Any, found: Any, path: str = "") -> Iterable[str]:
    """Where two canonical values differ, as paths with both values; what is unknown on a side differs in nothing."""
    if UNKNOWN_PLACE in (wanted, found) or wanted == found:
        return
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted({*wanted, *found}):
            where = f"{path}.{key}" if path else str(key)
            if key not in found:
                yield f"{where}: missing here, {_short(wanted[key])} in the bundle"
            elif key not in wanted:
                yield f"{where}: {_short(found[key])} here, not in the bundle"
            else:
                yield from differences(wanted[key], found[key], where)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    else:
        yield f"{path}: {_short(found)} here, {_short(wanted)} in the bundle"


def _short(value: Any) -> str:
    text = canonical_bytes(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
