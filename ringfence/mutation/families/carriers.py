"""Mutants inside opaque carriers: the same rows, in a template, a Cloud Control state or an operator's object.

Owns putting a resource into each carrier, as whoever writes one spells it. Where a name or an edge does not survive the
spelling there is no mutant. Refuses to own the rows (ringfence.mutation.families.locators).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policy import tables
from policy.carriers import names
from policy.flows import Locator
from policy.rules.copies import RULE_OF
from ringfence.mutation import values
from ringfence.mutation.base import CONTRACT, HOST, made, provider_of, stack
from ringfence.mutation.families import locators
from ringfence.mutation.filling import AT_HOME, CLOUD
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN, Planned, Program, merged

_STANDING = frozenset({"residency-location", "residency-opaque"})
"""An operator's object says where it makes things: that place is held by the rule on carriers too."""
_TAG = "data-class"
_ARM_TOP = ("location", "tags", "sku", "kind", "zones", "identity", "properties")
"""What an ARM resource says beside its `properties`."""


@dataclass(frozen=True)
class Carrier:
    """One way to carry resources of a package: its name, and the resource that stands for one inside it."""

    name: str
    package: str
    wrap: Callable[[Planned], Planned | None]
    """None where the resource cannot be spelled so."""


def _pascal(value: Any) -> Any:
    """Properties as CloudFormation spells them; the keys of maps that are the author's own stay in their place."""
    if isinstance(value, Mapping):
        return {f"{key[:1].upper()}{key[1:]}": _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def _cloudformation_type(token: str) -> str:
    _, service, kind = token.split(":")
    return f"AWS::{service.upper()}::{kind}"


def _inside(it: Planned, token: str, inputs: dict[str, Any], edge: str = "") -> Planned | None:
    """The carrier, with the provider of what it carries and all its edges at one property; None where it has none."""
    behind = tuple(dict.fromkeys(name for of in it.edges.values() for name in of))
    if behind and not edge:
        return None
    return replace(it, type=token, inputs=inputs, edges={edge: behind} if behind else {})


def _spelled(it: Planned) -> dict[str, Any] | None:
    """Properties in CloudFormation's spelling, or None where reading them back gives others."""
    found = _pascal(it.inputs)
    return found if names.camelled(found) == json.loads(json.dumps(it.inputs)) else None


def _stack(it: Planned) -> Planned | None:
    """What is made of other resources comes in by a parameter: a template's text cannot hold it."""
    properties = _spelled(it)
    if properties is None:
        return None
    part = {"Type": _cloudformation_type(it.type), "Properties": properties}
    body = json.dumps({"Parameters": {"Given": {"Type": "String"}}, "Resources": {"Part": part}})
    inputs: dict[str, Any] = {"templateBody": body.replace(json.dumps(UNKNOWN), '{"Ref": "Given"}')}
    if UNKNOWN in body:
        inputs["parameters"] = {"Given": UNKNOWN}
    elif it.edges:
        return None
    return _inside(it, "aws:cloudformation/stack:Stack", inputs, "parameters")


def _cloud_control(it: Planned) -> Planned | None:
    properties = _spelled(it)
    if properties is None:
        return None
    state = {"typeName": _cloudformation_type(it.type), "desiredState": json.dumps(properties)}
    return _inside(it, "aws:cloudcontrol/resource:Resource", state)


def _arm(it: Planned) -> Planned | None:
    name = next((each for each in _arm_names(it.type) if names.of_arm(each) == it.type), None)
    if name is None:
        return None
    lifted = {key: value for key, value in it.inputs.items() if key not in (*_ARM_TOP, "resourceGroupName")}
    top = {key: value for key, value in it.inputs.items() if key in _ARM_TOP}
    part = {"type": name, "name": "part", **top}
    part["properties"] = {**lifted, **top.get("properties", {})} if isinstance(top.get("properties", {}), dict) else {}
    properties = {"mode": "Incremental", "template": {"resources": [part]}}
    group = {"resourceGroupName": it.inputs["resourceGroupName"]} if "resourceGroupName" in it.inputs else {}
    return _inside(it, "azure-native:resources:Deployment", {"properties": properties, **group}, "properties")


def _arm_names(token: str) -> Iterator[str]:
    _, module, kind = token.split(":")
    namespace = {"cosmosdb": "documentdb", "redis": "cache", "monitor": "insights"}.get(module, module)
    for ending in ("s", "es", ""):
        yield f"Microsoft.{namespace}/{kind[:1].lower()}{kind[1:]}{ending}"
    if kind.endswith("y"):
        yield f"Microsoft.{namespace}/{kind[:1].lower()}{kind[1:-1]}ies"


def _object(it: Planned, group: str, kind: str, spec: dict[str, Any]) -> Planned | None:
    given = it.inputs.get("tags") or it.inputs.get("labels") or {}
    tags = {each["key"]: each["value"] for each in given} if isinstance(given, list) else given
    metadata: dict[str, Any] = {"name": it.name}
    if _TAG in tags:
        metadata["labels"] = {f"ringfence.dev/{_TAG}": tags[_TAG]}
    held = _inside(it, f"kubernetes:{group}/v1beta1:{kind}", {"metadata": metadata, "spec": spec}, "spec")
    return replace(held, provider=provider_of("kubernetes"), provider_name="default") if held else None


def _said(it: Planned, key: str) -> dict[str, Any]:
    """Properties with the place, which an operator's object has to say: its own, else its provider's."""
    found = {name: value for name, value in it.inputs.items() if name not in ("tags", "labels")}
    if not ({key} if key == "region" else {"region", "location", "zone"}) & set(found):
        found[key] = (it.provider or {}).get("region", AT_HOME[CLOUD[it.package]])
    return found


def _ack(it: Planned) -> Planned | None:
    _, service, kind = it.type.split(":")
    spec = _said(it, "region")
    fits = names.of_controller(f"{service}.services.k8s.aws", kind, "aws-native") == it.type
    return _object(it, f"{service}.services.k8s.aws", kind, spec) if fits else None


def _config_connector(it: Planned) -> Planned | None:
    return _by_kind(it, "cnrm.cloud.google.com", "location", lambda spec: spec)


def _crossplane(it: Planned) -> Planned | None:
    return _by_kind(it, "aws.upbound.io", "region", lambda spec: {"forProvider": spec})


def _crossplane_gcp(it: Planned) -> Planned | None:
    return _by_kind(it, "gcp.upbound.io", "location", lambda spec: {"forProvider": spec})


def _by_kind(it: Planned, suffix: str, key: str, wrap: Callable[[dict[str, Any]], dict[str, Any]]) -> Planned | None:
    package, module, kind = it.type.split(":")
    group = f"{module.partition('/')[0]}.{suffix}"
    if names.of_controller(group, kind, package) != it.type:
        return None
    return _object(it, group, kind, wrap(_said(it, key)))


def _service_operator(it: Planned) -> Planned | None:
    _, module, kind = it.type.split(":")
    group = f"{module}.azure.com"
    if names.of_controller(group, kind, "azure-native") != it.type or "location" not in it.inputs:
        return None
    return _object(it, group, kind, _said(it, "location"))


CARRIERS = (
    Carrier("cloudformation", "aws-native", _stack),
    Carrier("cloud-control", "aws-native", _cloud_control),
    Carrier("ack", "aws-native", _ack),
    Carrier("crossplane-aws", "aws", _crossplane),
    Carrier("arm", "azure-native", _arm),
    Carrier("service-operator", "azure-native", _service_operator),
    Carrier("config-connector", "gcp", _config_connector),
    Carrier("crossplane-gcp", "gcp", _crossplane_gcp),
)


def cases() -> Iterator[Case]:
    """Each store and each row that was written by hand, in every carrier of its package."""
    written = [row for row in locators.rows() if (row.type, row.path) in locators.written()]
    for carrier in CARRIERS:
        for token in _stores(carrier.package):
            yield from _standing(carrier, token)
        for row in written:
            if row.type.startswith(f"{carrier.package}:") and values.covers(row.place):
                yield from _moving(carrier, row)


def _stores(package: str) -> Iterator[str]:
    if package == "aws-native":
        kinds = tables.rows("native_types")
        yield from (row["type"] for row in kinds if row["kind"] == "store" and "*" not in row["type"])
    else:
        yield from (token for token in tables.stores() if token.startswith(f"{package}:"))


def _standing(carrier: Carrier, token: str) -> Iterator[Case]:
    """A store abroad, and at home."""
    provider, name = HOST.get(carrier.package, carrier.package), f"carried/{carrier.name}/{token}"
    cloud = CLOUD[carrier.package]
    abroad = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}[cloud]
    for region in (abroad, None):
        whole = made(token, "it", region=region)
        held = carrier.wrap(whole.resource)
        if held is None:
            return
        # What a bucket needs beside it is carried the same way, and names it.
        beside = [carrier.wrap(_naming(each)) or each for each in whole.companions]
        program = stack(provider).adding((held, *beside))
        if region is None:
            yield Compliant(f"{name}/home", provider, "carried", program)
        else:
            expected = Expected(_STANDING, "it", "", (abroad, "US"))
            yield Mutant(f"{name}/abroad", provider, "carried", program, expected, "carried")


def _naming(beside: Planned) -> Planned:
    """A companion that names the resource by text, as one object names another."""
    if beside.edges != {"bucket": ("it",)}:
        return beside
    spec = {key: value for key, value in beside.inputs.items() if key != "bucket"}
    return replace(beside, inputs={**spec, "bucketRef": {"name": "it"}}, edges={})


def _moving(carrier: Carrier, row: Locator) -> Iterator[Case]:
    """The first leak of a row that a payload can spell, and the first compliant value."""
    provider, name = HOST.get(carrier.package, carrier.package), f"carried/{carrier.name}/{locators.name_of(row)}"
    for planted, program in locators.programs(row, filter(_plain, values.leaks(row))):
        held = _carried(carrier, program)
        if held is not None:
            expected = Expected(frozenset({RULE_OF[row.flow]}), "it", row.path, planted.places)
            yield Mutant(f"{name}/{planted.how}", provider, "carried", held, expected, "carried")
        break
    for planted, program in locators.programs(row, filter(_plain, values.fine(row))):
        held = _carried(carrier, program)
        if held is not None and locators.alone(row.type, program, row):
            yield Compliant(f"{name}/{planted.how}", provider, "carried", held)
        break


def _plain(planted: Planted) -> bool:
    """Whether a payload can say the value by itself."""
    return planted.value is not None and planted.value != UNKNOWN and not planted.edge and planted.region is None


def _carried(carrier: Carrier, program: Program) -> Program | None:
    it = next(each for each in program.resources if each.name == "it")
    held = carrier.wrap(it)
    if held is None:
        return None
    beside = {each.name for each in program.resources if each.edges == {"bucket": ("it",)}}
    carried = {each.name: carrier.wrap(_naming(each)) or each for each in program.resources if each.name in beside}
    resources = tuple(held if each is it else carried.get(each.name, each) for each in program.resources)
    return replace(program, resources=resources, contract=merged(CONTRACT, program.contract))
