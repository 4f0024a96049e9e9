"""Where the contract comes from: the pack's configuration, our own stack's spec, or a file beside the program.

Owns: the order of the three, reading the waivers that it names, and the errors of both: file, line, column and path,
all faults at once. A broken contract raises: it fails the preview, it never switches the rules off. Refuses to own:
what a contract says (policy.contract).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from policy import contract_checks
from policy import waivers as waiver_checks
from policy.contract import Contract
from policy.contract_platform import from_platform
from policy.waivers import Waiver, WaiverFile
from ringfence.checking import Located, locate
from ringfence.planning.capacity import CapacityError
from ringfence.spec.finding import Finding
from ringfence.spec.load import parse_as
from ringfence.spec.platform import Platform
from ringfence.spec.source import Source, StackFileError, read_file

FILE = "ringfence.policy.yaml"
PLATFORM_KEY = "ringfence:platform"
_GIVEN = "--policy-pack-config, contract"
_UNUSABLE = "so nothing can be proven, and the preview fails"

Model = TypeVar("Model", bound=BaseModel)


class ContractError(Exception):
    """A contract or its waivers cannot be used: where, what is wrong, what is allowed, each on a line."""


@dataclass(frozen=True)
class Found:
    """A contract in force, the folder that its paths start from, and its waivers."""

    contract: Contract
    folder: Path
    waivers: tuple[Waiver, ...] = ()


def find(
    pack_config: Mapping[str, Any] | None,
    stack_config: Mapping[str, str],
    program: Path,
    rules: Iterable[str] = (),
) -> Found | None:
    """The contract in force with its waivers, or None where nobody wrote one.

    `pack_config` is the `contract` object of --policy-pack-config; `stack_config` is the stack's configuration as the
    engine sends it; `program` is the program's folder; `rules` are the ids that a waiver may name. Raises
    ContractError.
    """
    home = _home(program)
    if pack_config:
        contract = _read(Source(_GIVEN, dict(pack_config)), Contract, contract_checks.check, lines=False)
        return _with_waivers(contract, home, rules)
    if PLATFORM_KEY in stack_config:
        return _with_waivers(_platform(stack_config[PLATFORM_KEY]), home, rules)
    if (home / FILE).is_file():
        return _with_waivers(read_contract(home / FILE), home, rules)
    return None


def read_contract(path: Path) -> Contract:
    """The contract in a file, without its waivers. Raises ContractError."""
    return _file(path, Contract, contract_checks.check)


def _home(program: Path) -> Path:
    """The folder of the program's Pulumi project, and of its contract: the nearest one that has either."""
    for folder in (program, *program.parents):
        names = (FILE, "Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
        if any((folder / name).is_file() for name in names):
            return folder
    return program


def _with_waivers(contract: Contract, folder: Path, rules: Iterable[str]) -> Found:
    if contract.waivers is None:
        return Found(contract, folder)
    known = list(rules)
    file = _file(folder / contract.waivers, WaiverFile, lambda each: waiver_checks.check(each, known))
    return Found(contract, folder, file.waivers)


def _platform(text: str) -> Contract:
    where = f"the stack's configuration, {PLATFORM_KEY}"
    try:
        return from_platform(Platform.model_validate(json.loads(text)))
    except CapacityError as error:
        raise ContractError(f"{where}: {error}\nNext: ringfence check") from error
    except json.JSONDecodeError as error:
        raise ContractError(f"{where}: not an object: {error}") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
        raise ContractError(
            "\n".join([f"{where} cannot be used, {_UNUSABLE}", *faults, "Next: ringfence check"])
        ) from error


def _file(path: Path, model: type[Model], check: Callable[[Model], list[Finding]]) -> Model:
    try:
        source = read_file(path)
    except StackFileError as error:
        fault = Located(str(path), error.line, error.column, Finding(code="unreadable", path=(), message=error.message))
        raise ContractError(f"{path} cannot be used, {_UNUSABLE}. Faults: 1\n{fault.as_text()}") from error
    return _read(source, model, check)


def _read(source: Source, model: type[Model], check: Callable[[Model], list[Finding]], lines: bool = True) -> Model:
    if source.data is None:
        faults = [Finding(code="missing-key", path=(), message="the file is empty", suggestion=f"see {_page(model)}")]
    else:
        found, faults = parse_as(model, source.data)
        if found is not None:
            faults = check(found)
            if not faults:
                return found
    told = [_told(each, lines) for each in locate(source, faults, root=())]
    raise ContractError("\n".join([f"{source.file} cannot be used, {_UNUSABLE}. Faults: {len(told)}", *told]))


def _told(located: Located, lines: bool) -> str:
    """One fault. What comes with the command has no lines to point to."""
    text = located.as_text()
    return text if lines else text.replace(f"{located.file}:{located.line}:{located.column}: ", f"{located.file}: ", 1)


def _page(model: type[BaseModel]) -> str:
    return "docs/rules/contract.md" if model is Contract else "docs/rules/contract-waiver.md"
