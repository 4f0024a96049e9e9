"""A value of the right shape for a property that no table knows, from its type and its name.

Owns the guesses. Nothing here is promised to be what a cloud would answer; it is only always the same, of the right
type, and of a form that programs can take apart (ARNs, URLs, CIDRs, times).
"""

from __future__ import annotations

import base64
import re
from typing import Any

from ringfence.engine.providers.outputs.templates import Facts, fill
from ringfence.engine.providers.schema.model import (
    Constant,
    EnumOf,
    ListOf,
    MapOf,
    ObjectType,
    OneOf,
    Scalar,
    Type,
)

TIME = "2000-01-01T00:00:00Z"
_MAX_OBJECTS = 3
"""How many objects may stand in each other: the states of AWS firewalls need three; Azure's networks never end."""

_BY_NAME: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), template)
    for pattern, template in (
        (r"[aA]rns?$", "$arn"),
        (r"(selfLink|SelfLink)$", "$self_link"),
        (r"(certificate|Certificate|caBundle|[cC]ertificateAuthority)s?$", "$certificate"),
        (r"([uU]rl|[uU]ri|Endpoint[sU]?|^endpoints?)$", "https://$hash12.$host_suffix"),
        (r"([fF]qdn|[dD]nsName|[hH]ost[nN]ame|[dD]omain|[dD]omainName|^address$|[hH]ost)$", "$hash12.$host_suffix"),
        (r"([cC]idr(Block|Range)?s?|[iI]pRange|addressPrefix)$", "10.0.0.0/16"),
        (r"([iI]pv6.*)$", "2001:db8::1"),
        (r"([iI]p([aA]ddress(es)?)?s?|[iI]pv4.*)$", "203.0.113.10"),
        (r"([tT]ime([sS]tamp)?|[dD]ate|At|On)$", TIME),
        (r"[eE]mail$", "$hash8@$host_suffix"),
        (r"provisioningState$", "Succeeded"),
        (r"([sS]tatus|[sS]tate)$", "ACTIVE"),
        (r"([uU]uid|[uU]niqueId|[tT]enantId|[pP]rincipalId|[cC]lientId|[oO]bjectId)$", "$uuid"),
        (r"([vV]ersion|[gG]eneration)$", "1"),
        (r"^(name|Name)$", "$name"),
        (r"^(region|location)$", "$region"),
        (r"[aA]ccount(Id)?$|^ownerId$|^owner$|^registryId$", "$account"),
    )
)


def value_of(shape: Type, name: str, facts: Facts, inside: tuple[ObjectType, ...] = ()) -> Any:
    """A value of a shape for a property; None where nothing sensible is left to say (too deep, or a type in itself)."""
    if isinstance(shape, Scalar):
        return _scalar(shape.kind, name, facts)
    if isinstance(shape, Constant):
        return shape.value
    if isinstance(shape, EnumOf):
        return shape.values[0] if shape.values else None
    if isinstance(shape, MapOf):
        return {}
    if isinstance(shape, OneOf):
        return value_of(shape.options[0], name, facts, inside)
    if isinstance(shape, ListOf):
        item = value_of(shape.item, name, facts, inside)
        return [] if item is None else [item]
    if isinstance(shape, ObjectType):
        if shape in inside or len(inside) >= _MAX_OBJECTS:
            return None
        within = (*inside, shape)
        filled = {key: value_of(known.type, key, facts.seeded(key), within) for key, known in shape.properties.items()}
        return {key: item for key, item in filled.items() if item is not None}
    return None


def _scalar(kind: str, name: str, facts: Facts) -> Any:
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return 443 if name.lower().endswith("port") else 0
    for pattern, template in _BY_NAME:
        if pattern.search(name):
            return fill(template, facts)
    return f"{facts.get('prefix', '')}{_kebab(name)}-{facts['hash8']}"


def _kebab(name: str) -> str:
    return re.sub(r"([a-z\d])([A-Z])", r"\1-\2", name).lower()


def certificate(seed: str) -> str:
    """Base64 of a text in the form of a PEM certificate; it certifies nothing."""
    body = base64.b64encode(f"plan-only certificate {seed}".encode()).decode()
    return base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()).decode()
