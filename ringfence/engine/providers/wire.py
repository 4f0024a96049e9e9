"""Property values between the wire (protobuf `Struct`) and plain Python.

Owns the signatures of unknowns, secrets, assets and output values. Refuses to interpret any property.
Source of the constants: Pulumi's `sdk/go/common/resource/plugin/rpc.go` and `sdk/go/common/resource/properties.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET_SIGNATURES = frozenset({"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"})
UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_STRINGS = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """A value that only exists after `up`; one instance, `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


class Asset:
    """A file or archive, kept as the wire's own object so that it can be echoed."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and self.raw.get("hash", self.raw) == other.raw.get("hash", other.raw)

    def __hash__(self) -> int:
        return hash(str(self.raw.get("hash")))


class Secret:
    """A value that the engine must encrypt."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(...)"


UNKNOWN = Unknown()


def to_plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Every property of a struct as plain Python, secrets laid open and unknowns as `UNKNOWN`.

    Numbers are ints where they are whole. Nulls are left out: the engine sends them for properties that were not set.
    """
    plain = {}
    for key, value in struct.fields.items():
        kind = value.WhichOneof("kind")
        if kind != "null_value" and kind is not None:
            plain[key] = _plain(value, kind)
    return plain


def _plain(value: struct_pb2.Value, kind: str | None) -> Any:
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if len(text) == 36 and text in UNKNOWN_STRINGS else text
    if kind == "struct_value":
        return _object(value.struct_value)
    if kind == "list_value":
        return [_plain(item, item.WhichOneof("kind")) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = float(value.number_value)
        return int(number) if number.is_integer() else number
    return None


def _object(struct: struct_pb2.Struct) -> Any:
    signature = struct.fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in struct.fields else ""
    if not signature:
        return to_plain(struct)
    if signature in (SECRET_SIGNATURE, OUTPUT_SIGNATURE):
        if "value" not in struct.fields:
            return UNKNOWN
        inner = struct.fields["value"]
        return _plain(inner, inner.WhichOneof("kind"))
    if signature in ASSET_SIGNATURES:
        return Asset({key: _plain(item, item.WhichOneof("kind")) for key, item in struct.fields.items()})
    if signature == RESOURCE_SIGNATURE:
        key = "id" if "id" in struct.fields else "urn"
        return struct.fields[key].string_value or UNKNOWN
    return to_plain(struct)


def is_secret(value: struct_pb2.Value) -> bool:
    """Whether a wire value is, or holds somewhere inside, a secret."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE:
            return True
        return any(is_secret(item) for item in fields.values())
    return kind == "list_value" and any(is_secret(item) for item in value.list_value.values)


def set_value(target: struct_pb2.Value, value: Any) -> None:
    """Write a plain value (with `UNKNOWN`, `Secret` and `Asset` inside) into a wire value."""
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Mapping):
        fields = target.struct_value.fields
        target.struct_value.SetInParent()
        for key, item in value.items():
            set_value(fields[key], item)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            set_value(target.list_value.values.add(), item)
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_STRING
    elif isinstance(value, Secret):
        target.struct_value.fields[SIGNATURE_KEY].string_value = SECRET_SIGNATURE
        set_value(target.struct_value.fields["value"], value.value)
    elif isinstance(value, Asset):
        set_value(target, value.raw)
    else:
        raise TypeError(f"cannot send a {type(value).__name__} to the engine")


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """A struct of plain properties."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        set_value(struct.fields[key], value)
    return struct


def contains_unknown(value: Any) -> bool:
    """Whether a plain value is, or holds somewhere inside, `UNKNOWN`."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    return isinstance(value, list) and any(contains_unknown(item) for item in value)
