"""Mutants of policy/environment.csv and lineage.csv: what workloads are told, and data that goes on.

Owns them. Refuses to own flows of single properties (ringfence.mutation.families.locators).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policy import tables
from policy.flows import Locator, locators
from policy.rules.copies import RULE_OF
from ringfence.mutation import shapes, values
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, CLOUD, made, stack, store
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, top

_POD = "kubernetes:apps/v1:Deployment"
_TASK = "aws:ecs/taskDefinition:TaskDefinition"
_IMAGE = "registry.internal.example/app@sha256:" + "0" * 64
_LOG_OPTIONS = ("awslogs-", "splunk-")
_STANDING = ("residency-location", "residency-replication", "keys-location")


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of both tables."""
    for row in tables.rows("environment"):
        yield from _told(row)
    for row in tables.rows("lineage"):
        yield from _led(row)


def _told(row: Mapping[str, str]) -> Iterator[Case]:
    name = row["name"].replace("*", "X")
    in_task = name.startswith(_LOG_OPTIONS)
    package = "aws" if in_task else "kubernetes"
    locator = Locator(_TASK if in_task else _POD, "env", row["flow"], row["place"], "", "", "")
    if not values.covers(row["place"]):
        return
    for planted in values.leaks(locator):
        # A value that is made of another resource's is a matter of the engine's edges, and tried with locators.
        if isinstance(planted.value, str) and planted.value != UNKNOWN and not planted.companions:
            program = _workload(package, name, planted.value)
            expected = Expected(frozenset({RULE_OF[row["flow"]]}), "it", "", planted.places)
            yield Mutant(f"environment/{name}/{planted.how}", package, row["flow"], program, expected, planted.how)
    for planted in values.fine(locator):
        if isinstance(planted.value, str) and planted.value != UNKNOWN and not planted.companions:
            program = _workload(package, name, planted.value)
            yield Compliant(f"environment/{name}/{planted.how}", package, row["flow"], program)


def _workload(package: str, name: str, value: str) -> Program:
    container: dict[str, Any] = {"name": "app", "image": _IMAGE}
    if package == "aws":
        driver = name.partition("-")[0]
        container["logConfiguration"] = {"logDriver": driver, "options": {name: value}}
        inputs: dict[str, Any] = {"family": "app", "containerDefinitions": json.dumps([container])}
        return stack("aws").adding((made(_TASK, "it", inputs=inputs).resource,))
    container["env"] = [{"name": name, "value": value}]
    template = {"metadata": {"labels": {"app": "it"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "it"}}, "template": template}
    return stack("kubernetes").adding((made(_POD, "it", inputs={"spec": spec}).resource,))


def _led(row: Mapping[str, str]) -> Iterator[Case]:
    """Data of patients reaches a resource that nobody tagged, and that one stands abroad."""
    token = row["type"]
    package = token.partition(":")[0]
    if package == "kubernetes" or "*" in token or not _can_stand(row, package):
        return
    name = f"lineage/{token}/{row['from']}-{row['to']}"
    for abroad in (True, False):
        program, at = _chain(row, package, abroad)
        if abroad:
            expected = Expected(frozenset(_STANDING), at, "", (ABROAD[CLOUD[package]], ABROAD_COUNTRY))
            also = Expected(frozenset(RULE_OF.values()), "it", "", expected.places)
            yield Mutant(f"{name}/abroad", package, "lineage", program, expected, "lineage", (also,))
        else:
            yield Compliant(f"{name}/home", package, "lineage", program)


def _can_stand(row: Mapping[str, str], package: str) -> bool:
    """Whether the end that data comes to can be put abroad by the program."""
    if any(each.path == row["from"] and each.place == "anywhere" for each in locators().get(row["type"], ())):
        # That it is there at all is refused already.
        return False
    if row["from"] == "self" and shapes.tag_path(row["type"]) is None:
        # Nothing can say that it has restricted data but what it is a part of: another row.
        return False
    if row["to"] != "self":
        return True
    return package == "aws" or shapes.place_path(row["type"]) is not None


def _chain(row: Mapping[str, str], package: str, abroad: bool) -> tuple[Program, str]:
    """(the program, the resource that stands at the end)."""
    token, region = row["type"], ABROAD[CLOUD[package]] if abroad else None
    ends = [path for path in (row["from"], row["to"]) if path != "self"]
    inputs: dict[str, Any] = {}
    edges: dict[str, tuple[str, ...]] = {}
    added: list[Planned] = []
    if row["from"] != "self":
        source = store(package, "source", "patient")
        added += source.all
        edges[top(row["from"])] = ("source",)
    if row["to"] != "self":
        target = store(package, "target", "public", region)
        added += target.all
        edges[top(row["to"])] = (*edges.get(top(row["to"]), ()), "target")
    for path in ends:
        inputs = placed(inputs, path, UNKNOWN)
    own = "patient" if row["from"] == "self" else None
    whole = made(token, "it", own, region=region if row["to"] == "self" else None, inputs=inputs, edges=edges)
    held = replace(whole.resource, edges={**whole.resource.edges, **edges})
    contract = {"defaultDataClass": "public"}
    program = stack(package).adding((*added, held, *whole.companions), contract)
    return program, "it" if row["to"] == "self" else "target"
