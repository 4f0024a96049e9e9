"""`ringfence schema`: the JSON Schema of the stack file, for editors and reviewers.

Owns: the wrapper around the platform's own schema (config, its key, and Pulumi's other keys). Refuses to own:
the types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ringfence.spec import Platform
from ringfence.spec.load import CONFIG_KEY

SCHEMA_FILE = "docs/stack.schema.json"


def stack_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of Pulumi.<stack>.yaml."""
    platform = Platform.model_json_schema(by_alias=True)
    definitions = platform.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ringfence stack file",
        "type": "object",
        "properties": {
            "config": {"type": "object", "properties": {CONFIG_KEY: {"$ref": "#/$defs/Platform"}}},
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "environment": {"type": "array"},
        },
        "additionalProperties": False,
        "required": ["config"],
        "$defs": {**definitions, "Platform": platform},
    }


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=f"Write to a file, such as {SCHEMA_FILE}.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The schema is JSON in any case.")] = False,
) -> None:
    """Write the JSON Schema of the stack file."""
    text = json.dumps(stack_schema(), indent=1, sort_keys=True) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text)
        typer.echo(f"wrote {output}", err=True)
