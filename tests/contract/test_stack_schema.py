"""The schema that editors read is the one that the models say, and every stack file names it and passes it.

What this does not prove: that a file which passes is right. The cross-checks are not in a JSON Schema.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from ringfence.cli.schema import SCHEMA_FILE, stack_schema
from ringfence.spec.source import read_file
from tests.support.engine import REPOSITORY
from tests.support.stacks import EXAMPLES, STACKS, stack_file

every_stack = pytest.mark.parametrize("file", [stack_file(name) for name in (*STACKS, *EXAMPLES)], ids=lambda f: f.stem)


def test_the_committed_schema_is_what_the_models_say() -> None:
    committed = json.loads((REPOSITORY / SCHEMA_FILE).read_text(encoding="utf-8"))
    assert committed == stack_schema(), f"run: ringfence schema -o {SCHEMA_FILE}"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(stack_schema())


@every_stack
def test_a_stack_file_leads_its_editor_to_the_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found is not None, first
    assert (file.parent / found[1]).resolve() == REPOSITORY / SCHEMA_FILE


@every_stack
def test_a_stack_file_passes_the_schema(file: Path) -> None:
    jsonschema.Draft202012Validator(stack_schema()).validate(read_file(file).data)


def test_what_the_models_refuse_the_schema_refuses() -> None:
    data = yaml.safe_load(stack_file("dev").read_text(encoding="utf-8"))
    platform = data["config"]["ringfence:platform"]
    platform["costCentre"] = platform.pop("costCenter")
    platform["environment"] = "staging"
    said = {error.message for error in jsonschema.Draft202012Validator(stack_schema()).iter_errors(data)}
    assert any("costCentre" in message for message in said)
    assert any("'staging' is not one of" in message for message in said)
