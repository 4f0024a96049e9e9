"""Fills the tables of docs/guides/stack-file.md from the models' own schema: `python docs/guides/tables.py`.

Owns: how a key's type, default and meaning are written in a table. Refuses to own: what they are (ringfence.spec), and
the prose around the tables. A test fails where the guide is not what this writes, or leaves a model out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from ringfence.cli.schema import stack_schema  # noqa: E402 - run as a script, the repository is not on the path yet
from ringfence.spec.base import NAME_PATTERN  # noqa: E402

GUIDE = Path(__file__).with_name("stack-file.md")
MARK = re.compile(r"<!-- table (\w+) -->\n.*?<!-- end -->", re.DOTALL)
MODELS: dict[str, dict[str, Any]] = stack_schema()["$defs"]

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "nothing",
}


def kind(shape: dict[str, Any]) -> str:
    """A schema's type in a few words; other models are links."""
    if "$ref" in shape:
        return _link(shape["$ref"])
    if "const" in shape:
        return f"`{shape['const']}`"
    if "enum" in shape:
        return " or ".join(f"`{value}`" for value in shape["enum"])
    if "anyOf" in shape or "oneOf" in shape:
        options = [each for each in shape.get("anyOf", shape.get("oneOf", ())) if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kind(each) for each in options))
    if shape.get("type") == "array":
        return f"list of {kind(shape['items'])}" if "items" in shape else "list"
    if shape.get("type") == "object":
        return _mapping(shape)
    if shape.get("type") == "string":
        return _text(shape)
    return (
        _number(shape) if shape.get("type") in ("integer", "number") else _WORDS.get(shape.get("type", ""), "any value")
    )


def _link(reference: str) -> str:
    name = reference.rsplit("/", 1)[-1]
    return f"[{name}](#{name.lower()})"


def _mapping(shape: dict[str, Any]) -> str:
    values = next(iter(shape.get("patternProperties", {}).values()), None) or shape.get("additionalProperties")
    return f"name to {kind(values)}" if isinstance(values, dict) else "mapping"


def _text(shape: dict[str, Any]) -> str:
    if shape.get("pattern") == NAME_PATTERN:
        return "name"
    return {"date": "date", "ipv4network": "network", "ipv6network": "network", "ipvanyaddress": "address"}.get(
        shape.get("format", ""), "text"
    )


def _number(shape: dict[str, Any]) -> str:
    bounds = []
    if "exclusiveMinimum" in shape:
        bounds.append(f"over {shape['exclusiveMinimum']}")
    if "minimum" in shape:
        bounds.append(f"from {shape['minimum']}")
    if "maximum" in shape:
        bounds.append(f"to {shape['maximum']}")
    return " ".join([_WORDS[shape["type"]], *bounds])


def default(name: str, model: dict[str, Any], shape: dict[str, Any]) -> str:
    """What holds where the key is left out."""
    if name in model.get("required", ()):
        return "needed"
    value = shape.get("default")
    return "" if value in (None, {}, []) else f"`{json.dumps(value)}`" if not isinstance(value, dict) else "see there"


def table(name: str) -> str:
    """One model: its sentence, and a row for each key."""
    model = MODELS[name]
    rows = [
        f"| `{key}` | {kind(shape)} | {default(key, model, shape)} | {_meaning(shape)} |"
        for key, shape in model.get("properties", {}).items()
    ]
    said = " ".join(model.get("description", "").split())
    return "\n".join([said, "", "| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _meaning(shape: dict[str, Any]) -> str:
    return " ".join(shape.get("description", "").split()).replace("|", "\\|").replace("<", "&lt;")


def filled(text: str) -> str:
    """The guide with every table written anew."""
    return MARK.sub(lambda mark: f"<!-- table {mark[1]} -->\n{table(mark[1])}\n<!-- end -->", text)


def main() -> int:
    """Write the guide."""
    GUIDE.write_text(filled(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"filled: {GUIDE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
