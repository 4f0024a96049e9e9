"""The same cases through the real engine: a Python program for each, previewed with the pack in a process of its own.

Owns writing the program and choosing the sample. A case that the SDK's schema does not take is left out and counted:
the rules never see it. Refuses to own the engine (ringfence.engine) and the judgement (ringfence.mutation.mutant).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from ringfence.engine.places import SOURCE_ROOT
from ringfence.engine.providers.schema.registry import PACKAGES
from ringfence.engine.run import Embedded, Result
from ringfence.mutation import drive
from ringfence.mutation.mutant import Case, Said, judge
from ringfence.mutation.program import SIGNATURE, UNKNOWN, Planned, Program
from ringfence.mutation.score import Score

_PROLOGUE = '''import pulumi
from pulumi.runtime.rpc import UNKNOWN

made, providers = {}, {}


def unknown(*names):
    """A value that the preview does not know, made from resources."""
    if not names:
        return pulumi.Output.from_input(UNKNOWN)
    return pulumi.Output.all(*(made[name].id for name in names)).apply(lambda ids: ids[0])


def known(value, *names):
    return pulumi.Output.all(*(made[name].urn for name in names)).apply(lambda _: value)

'''


def run(cases: Sequence[Case], most: int, at: Callable[[int], None] = lambda done: None) -> Score:
    """Preview up to `most` cases, spread over all of them. Raises RingfenceError where there is no Pulumi CLI."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="ringfence-mutate-") as home:
        for case in _spread(cases, most):
            said = preview(case.program, Path(home))
            if said is not None:
                outcomes.append(judge(case, said))
            at(len(outcomes))
    return Score(tuple(outcomes))


def _spread(cases: Sequence[Case], most: int) -> Iterator[Case]:
    fit = [case for case in cases if _fits(case.program)]
    step = max(len(fit) / most, 1)
    yield from (fit[int(index * step)] for index in range(min(most, len(fit))))


def _fits(program: Program) -> bool:
    """Whether plan-only providers take the resources, and one stack can configure the default providers so."""
    defaults: dict[str, Any] = {}
    for each in program.resources:
        if each.package not in PACKAGES and not each.type.startswith("pulumi:"):
            return False
        by_default = each.provider_name == "default" and each.package != "kubernetes" and each.provider is not None
        if by_default and defaults.setdefault(each.package, each.provider) != each.provider:
            return False
    return True


def preview(program: Program, home: Path) -> tuple[Said, ...] | None:
    """What the rules say of a program at a real preview. None where the engine did not take the program."""
    variables = {name: value for name, value in os.environ.items() if name not in drive.AMBIENT}
    inherited = {**variables, "RINGFENCE_HOME": str(home), **program.environment}
    with tempfile.TemporaryDirectory(dir=home) as name:
        folder = Path(name)
        write(program, folder)
        result = Embedded.open(inherited).preview(folder, "prod", SOURCE_ROOT / "policy")
    return said(result)


def said(result: Result) -> tuple[Said, ...] | None:
    """The violations of a preview. None where something else stopped it before every rule had spoken."""
    errors = [each for each in result.of("diagnosticEvent") if each.get("severity") == "error"]
    if any("preview failed" not in each["message"] and "policy" not in each["message"].lower() for each in errors):
        return None
    return tuple(
        Said(each["policyName"], each["enforcementLevel"], each["resourceUrn"].rpartition("::")[2], each["message"])
        for each in result.violations
    )


def write(program: Program, folder: Path) -> None:
    """Write a program as a Pulumi project with the stack `prod` and its contract."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"Pulumi.yaml": yaml.safe_dump({"name": "demo", "runtime": "python"}), **program.files}
    files["__main__.py"] = _PROLOGUE + "\n".join(_statements(program)) + "\n"
    files["Pulumi.prod.yaml"] = yaml.safe_dump({"config": {**_defaults(program), **program.config}})
    if program.contract:
        files["ringfence.policy.yaml"] = yaml.safe_dump(dict(program.contract), sort_keys=False)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _defaults(program: Program) -> dict[str, Any]:
    """Configuration of default providers stands in the stack."""
    return {
        f"{each.package}:{key}": value
        for each in program.resources
        if each.provider_name == "default" and each.provider and each.package != "kubernetes"
        for key, value in each.provider.items()
        if isinstance(value, str)
    }


def _statements(program: Program) -> Iterator[str]:
    declared = {each.name for each in program.resources if each.type.startswith("pulumi:providers:")}
    written: set[tuple[str, str]] = set()
    for each in _in_order(program):
        if each.type.startswith("pulumi:providers:"):
            package = each.type.rpartition(":")[2]
            yield f"made[{each.name!r}] = providers[{package, each.name!r}] = " + _provider(package, each.name, each)
            continue
        if each.provider is None:
            yield f"made[{each.name!r}] = pulumi.ComponentResource({each.type!r}, {each.name!r})"
            continue
        options = [f"version={_version(each.package)!r}"]
        explicit = each.provider_name != "default" or each.package == "kubernetes"
        key = (each.package, each.provider_name)
        if explicit and key not in written and each.provider_name not in declared:
            written.add(key)
            holder = Planned(each.type, each.provider_name, each.provider or {})
            yield f"providers[{key!r}] = " + _provider(each.package, each.provider_name, holder)
        if explicit:
            options.append(f"provider=providers[{key!r}]")
        if each.ignore_changes:
            options.append(f"ignore_changes={list(each.ignore_changes)!r}")
        if each.parent:
            options.append(f"parent=made[{each.parent!r}]")
        yield (
            f"made[{each.name!r}] = pulumi.CustomResource({each.type!r}, {each.name!r}, {_inputs(each)}, "
            f"pulumi.ResourceOptions({', '.join(options)}))"
        )


def _in_order(program: Program) -> list[Planned]:
    """The resources with what they are made from before them."""
    by_name = {each.name: each for each in program.resources}
    before = {
        name: {*(of for names in each.edges.values() for of in names), *filter(None, [each.parent])}
        for name, each in by_name.items()
    }
    behind = {name: {each.provider_name} & set(by_name) for name, each in by_name.items()}
    graph = {name: (before[name] | behind[name]) - {name} for name in by_name}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]


def _provider(package: str, name: str, holder: Planned) -> str:
    return (
        f"pulumi.ProviderResource({package!r}, {name!r}, {_inputs(holder)}, "
        f"pulumi.ResourceOptions(version={_version(package)!r}))"
    )


def _version(package: str) -> str:
    return metadata.version(PACKAGES[package].wheel)


def _inputs(planned: Planned) -> str:
    items = [f"{key!r}: {_value(value, planned.edges.get(key, ()))}" for key, value in planned.inputs.items()]
    return "{" + ", ".join(items) + "}"


def _value(value: Any, names: Sequence[str]) -> str:
    """Python that gives a value and the edges of its property."""
    text = _written(value, names)
    if names and UNKNOWN not in repr(value):
        return f"known({text}, *{list(names)!r})"
    return text


def _written(value: Any, names: Sequence[str]) -> str:
    if value == UNKNOWN:
        return f"unknown(*{list(names)!r})"
    if isinstance(value, Mapping):
        if "value" in value and len(value) == 2 and SIGNATURE in value:
            return f"pulumi.Output.secret({_written(value['value'], names)})"
        return "{" + ", ".join(f"{key!r}: {_written(item, names)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(item, names) for item in value) + "]"
    return repr(value)
