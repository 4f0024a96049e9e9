"""Opaque carriers: resources inside a payload that the engine does not look into, read as if they were registered.

Owns: which types carry what, and saying what could not be read. Refuses to own: the formats (cloudformation, arm), the
names (names), and judging what is found: the rules do, as with any resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy import tables
from policy.carriers import arm, cloudformation, names
from policy.carriers.controllers import controller, of_object, places_of, said_place
from policy.carriers.parts import Carried, Unseen, plain
from policy.carriers.parts import inside as made_inside
from policy.resource import Resource
from policy.values import UNKNOWN

__all__ = ["Unseen", "carried", "carries", "inside", "places_of", "said_place", "unseen"]

_DEEPEST = 5


def carries(token: str) -> bool:
    """Whether resources of a type are read for what is inside."""
    return token in _READERS or controller(token) is not None


def carried(resource: Resource) -> tuple[Carried, ...]:
    """Every resource in a payload, and what could not be read of it; read once."""
    if resource.payload is None:
        reader, row = _READERS.get(resource.type), controller(resource.type)
        found = reader(resource) if reader else of_object(resource, row) if row else ()
        resource.payload = tuple(found)
    return resource.payload


def inside(resource: Resource) -> Iterator[Resource]:
    """Every resource in a payload, and in the payloads of those."""
    for each in carried(resource) if carries(resource.type) else ():
        if isinstance(each, Resource):
            yield each
            yield from inside(each)


def unseen(resource: Resource) -> Iterator[Unseen]:
    """What could not be read of a payload."""
    return (each for each in carried(resource) if isinstance(each, Unseen))


# CloudFormation


def _stack(resource: Resource) -> Iterator[Carried]:
    read = resource.reader.one("templateBody")
    if not read.known:
        named = "templateUrl" if read.absent else "templateBody"
        yield Unseen("a template that is not in the program", named)
        return
    text = plain(read.value)
    template = cloudformation.parse(text) if isinstance(text, str) else text
    if not isinstance(template, Mapping):
        yield Unseen("a text that is no template", "templateBody")
        return
    yield from _of_template(resource, template)


def _of_template(carrier: Resource, template: Mapping[str, Any]) -> Iterator[Carried]:
    if template.get("Transform"):
        yield Unseen(f"what the macro {template['Transform']} makes of its template", "templateBody")
    parameters = plain(carrier.reader.one("parameters").value)
    region = carrier.reader.one("region").text or (
        carrier.provider.reader.one("region").text if carrier.provider else None
    )
    scope = cloudformation.Scope(template, parameters if isinstance(parameters, Mapping) else {}, region)
    for name, each in template["Resources"].items():
        token = names.of_cloudformation(str(each.get("Type"))) if isinstance(each, Mapping) else None
        if token is None or tables.native_kind(token) in (None, "opaque"):
            kind = each.get("Type") if isinstance(each, Mapping) else each
            yield Unseen(f"{name}, a {kind}", f"templateBody, Resources.{name}")
            continue
        yield _of_logical(carrier, token, str(name), each, scope)


def _of_logical(
    carrier: Resource, token: str, name: str, each: Mapping[str, Any], scope: cloudformation.Scope
) -> Resource:
    scope.references = {}
    properties: dict[str, Any] = {}
    for key, value in (each.get("Properties") or {}).items():
        scope.top = names.camel(key)
        properties[scope.top] = names.camelled(scope.value(value))
    edges = {
        top: tuple(f"{carrier.urn}#{ref}" for ref in refs if ":" not in ref) for top, refs in scope.references.items()
    }
    given = {top: "parameters" for top, refs in scope.references.items() if any(":" in ref for ref in refs)}
    own = carrier.reader.one("region")
    if not own.absent:
        properties.setdefault("region", own.value if own.known else UNKNOWN)
    return made_inside(
        carrier, token, name, _tagged(properties, carrier), property_dependencies=edges, carrier_inputs=given
    )


def _tagged(properties: dict[str, Any], carrier: Resource) -> dict[str, Any]:
    """Tags of a stack go to its resources."""
    tags = plain(carrier.reader.one("tags").value)
    own = properties.get("tags")
    listed = (
        {item.get("key"): item.get("value") for item in own if isinstance(item, Mapping)}
        if isinstance(own, list)
        else own
    )
    if isinstance(tags, Mapping) and (listed is None or isinstance(listed, Mapping)):
        return {**properties, "tags": {**tags, **(listed or {})}}
    return {**properties, "tags": listed} if listed is not None else properties


def _cloud_control(resource: Resource) -> Iterator[Carried]:
    kind = resource.reader.one("typeName").text or resource.reader.one("type").text
    token = names.of_cloudformation(kind) if kind else None
    path = "properties" if resource.package == "aws-native" else "desiredState"
    state = plain(resource.reader.one(path).value)
    try:
        state = json.loads(state) if isinstance(state, str) else state
    except json.JSONDecodeError:
        state = None
    if token is None or tables.native_kind(token) in (None, "opaque") or not isinstance(state, Mapping):
        yield Unseen(f"a {kind or 'resource of a type that is not known'}", path)
        return
    inputs = dict(names.camelled(state))
    own = resource.reader.one("region")
    if not own.absent:
        inputs.setdefault("region", own.value if own.known else UNKNOWN)
    edges = {top: resource.property_dependencies.get(path, ()) for top in inputs}
    given = dict.fromkeys(inputs, path)
    yield made_inside(
        resource, token, "desired", _tagged(inputs, resource), property_dependencies=edges, carrier_inputs=given
    )


# Azure Resource Manager


def _deployment(resource: Resource) -> Iterator[Carried]:
    for path in ("properties.template", "template"):
        read = resource.reader.one(path)
        if read.known:
            template = arm.parse(plain(read.value))
            if template is None:
                break
            parameters = plain(resource.reader.one(path.replace("template", "parameters")).value)
            yield from _of_arm(resource, template, parameters, "", 0)
            return
    yield Unseen("a template that is not in the program", "properties.template")


def _of_arm(
    carrier: Resource, template: Mapping[str, Any], parameters: Any, prefix: str, depth: int
) -> Iterator[Carried]:
    location = carrier.reader.one("location").text
    expressions = arm.Expressions(template, parameters, location)
    for number, each in enumerate(arm.resources(template)):
        whole = expressions.value(each)
        name = f"{prefix}{whole['name'] if isinstance(whole.get('name'), str) else number}"
        kind = str(whole.get("type"))
        if kind.lower() == arm.NESTED:
            inner = whole.get("properties") if isinstance(whole.get("properties"), Mapping) else {}
            nested = arm.parse(each.get("properties", {}).get("template")) if depth < _DEEPEST else None
            if nested is None:
                yield Unseen(f"{name}, a deployment whose template is elsewhere", "properties.template")
            else:
                yield from _of_arm(carrier, nested, inner.get("parameters"), f"{name}/", depth + 1)
            continue
        token = names.of_arm(kind)
        if token is None:
            yield Unseen(f"{name}, a {kind}", "properties.template")
            continue
        inputs = _of_arm_resource(whole, carrier)
        given = {top: "resourceGroupName" if top == "resourceGroupName" else "properties" for top in inputs}
        yield made_inside(carrier, token, name, inputs, carrier_inputs=given)


def _of_arm_resource(whole: Mapping[str, Any], carrier: Resource) -> dict[str, Any]:
    """ARM keeps most under `properties`; azure-native lifts them up. Both are kept."""
    properties = whole.get("properties")
    lifted = properties if isinstance(properties, Mapping) else {}
    group = carrier.reader.one("resourceGroupName")
    inputs = {**lifted, **{key: value for key, value in whole.items() if value is not None}}
    if not group.absent:
        inputs.setdefault("resourceGroupName", group.value if group.known else UNKNOWN)
    return inputs


_READERS = {
    "aws:cloudformation/stack:Stack": _stack,
    "aws:cloudformation/stackSet:StackSet": _stack,
    "aws-native:cloudformation:Stack": _stack,
    "aws:cloudcontrol/resource:Resource": _cloud_control,
    "aws-native:index:ExtensionResource": _cloud_control,
    "azure-native:resources:Deployment": _deployment,
    "azure-native:resources:DeploymentStackAtResourceGroup": _deployment,
    "azure-native:resources:DeploymentAtSubscriptionScope": _deployment,
}
