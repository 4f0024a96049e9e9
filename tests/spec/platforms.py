"""Platforms for tests: the stack files of the project, read once, and small changes to them."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from ringfence.planning.checks import check
from ringfence.spec import Platform
from ringfence.spec.finding import Finding
from ringfence.spec.load import CONFIG_KEY, parse
from ringfence.spec.source import read_file

REPO = Path(__file__).resolve().parents[2]


@cache
def _read(stack: str) -> dict[str, Any]:
    return read_file(REPO / f"Pulumi.{stack}.yaml").data["config"][CONFIG_KEY]


def values(stack: str = "dev") -> dict[str, Any]:
    """The plain values of a stack's platform, free to be changed."""
    return deepcopy(_read(stack))


def platform(data: dict[str, Any] | None = None) -> Platform:
    """The platform of these values (the dev stack's by default), which must be well typed."""
    built, findings = parse(values() if data is None else data)
    assert built is not None, findings
    return built


def findings(data: dict[str, Any], code: str) -> list[Finding]:
    """The cross-checks' findings of one kind."""
    return [finding for finding in check(platform(data)) if finding.code == code]
