"""Functions (Invoke): one file a family, and what is answered for every function that has no row.

The engine refuses unknown values in a function's result (`RejectUnknowns` in its
`resource/plugin/provider_plugin.go`), and the SDKs hand a result to the program as plain values. So a function
without an answer gives values of the right type that say what they are: strings that hold `unknown-in-plan`, which no
table of regions or accounts knows, and one notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ringfence.engine.providers.check import Failure, check_object
from ringfence.engine.providers.families.base import Family
from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.outputs.templates import Facts
from ringfence.engine.providers.outputs.typed import certificate, value_of
from ringfence.engine.providers.schema.model import FunctionType, ObjectType
from ringfence.engine.providers.suggest import hint

Function = Callable[[Any, dict[str, Any]], dict[str, Any]]
"""Provider family and arguments -> result."""


def answer(
    family: Family, table: Mapping[str, Function], token: str, arguments: dict[str, Any], notices: Notices
) -> dict[str, Any] | list[Failure]:
    """The result of a function: computed where the table has it, else of the right type and marked."""
    shape = family.registry.function(token)
    if shape is None:
        package = family.registry.package
        known = hint(token, family.registry.function_tokens(token))
        return [Failure("", f"{package.wheel} {package.version} has no function {token}{known}")]
    failures = check_object(arguments, ObjectType(token.rsplit(":", 1)[-1], shape.arguments), lenient=True)
    if failures:
        return failures
    marked = placeholders(shape, arguments)
    compute = table.get(token)
    if compute is None:
        notices.once(token, "a plan-only provider cannot answer this function; its values are placeholders")
        return marked
    try:
        return {**marked, **compute(family, arguments)}
    except json.JSONDecodeError as problem:
        return [Failure("", f"{token.rsplit(':', 1)[-1]}: a document that it was given is no JSON: {problem}")]


def placeholders(shape: FunctionType, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments given back, everything else typed and marked."""
    seed = json.dumps(arguments, sort_keys=True, default=str)
    names = ("name", "region", "location", "account", "project", "id", "self_link")
    facts = Facts(
        (shape.token, seed),
        {
            **dict.fromkeys(names, UNKNOWN_IN_PLAN),
            "arn": f"arn:aws:{UNKNOWN_IN_PLAN}:{UNKNOWN_IN_PLAN}::{UNKNOWN_IN_PLAN}",
            "uuid": "00000000-0000-0000-0000-000000000000",
            "certificate": lambda: certificate(shape.token),
            "host_suffix": f"{UNKNOWN_IN_PLAN}.invalid",
            "prefix": f"{UNKNOWN_IN_PLAN}-",
        },
        arguments,
    )
    result = {}
    for name, known in shape.result.properties.items():
        value = arguments.get(name)
        result[name] = value if value is not None else value_of(known.type, name, facts.seeded(name))
    return {name: value for name, value in result.items() if value is not None}
