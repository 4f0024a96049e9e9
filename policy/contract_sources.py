"""Where the contract comes from: the pack's configuration, our own stack's spec, or a file beside the program.

Owns: the order of the three and the errors of reading them. A broken contract raises: it fails the preview, it never
switches the rules off. Refuses to own: what a contract says (policy.contract).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from policy.contract import Contract, from_platform
from ringfence.planning.capacity import CapacityError
from ringfence.spec.platform import Platform

FILE = "ringfence.policy.yaml"
PLATFORM_KEY = "ringfence:platform"


class ContractError(Exception):
    """A contract that cannot be used: where it is, what is wrong with it, each on a line."""


def find(pack_config: Mapping[str, Any] | None, stack_config: Mapping[str, str], program: Path) -> Contract | None:
    """The contract in force, or None where nobody wrote one.

    `pack_config` is the `contract` object of --policy-pack-config; `stack_config` is the stack's configuration as the
    engine sends it; `program` is the program's folder. Raises ContractError.
    """
    if pack_config:
        return _contract(pack_config, "--policy-pack-config, contract")
    if PLATFORM_KEY in stack_config:
        return _platform(stack_config[PLATFORM_KEY])
    for folder in (program, *program.parents):
        if (folder / FILE).is_file():
            return _file(folder / FILE)
        if any((folder / name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")):
            return None
    return None


def _platform(text: str) -> Contract:
    where = f"the stack's configuration, {PLATFORM_KEY}"
    try:
        return from_platform(Platform.model_validate(json.loads(text)))
    except CapacityError as error:
        raise ContractError(f"{where}: {error}\nNext: ringfence check") from error
    except json.JSONDecodeError as error:
        raise ContractError(f"{where}: not an object: {error}") from error
    except ValidationError as error:
        raise ContractError(_explained(error, where) + "\nNext: ringfence check") from error


def _file(path: Path) -> Contract:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: cannot be read: {error}") from error
    return _contract(data, str(path))


def _contract(data: Any, where: str) -> Contract:
    try:
        return Contract.model_validate(data)
    except ValidationError as error:
        raise ContractError(_explained(error, where)) from error


def _explained(error: ValidationError, where: str) -> str:
    """Each fault on a line of its own, with its path; values are left out, since one may be a secret."""
    lines = [f"{where}: the contract cannot be used, so nothing can be proven. Faults: {error.error_count()}"]
    for fault in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in fault["loc"]) or "(root)"
        lines.append(f"  {path}: {fault['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
