"""Mutants of policy/encryption.csv, exposure.csv and opaque.csv: keys missing or abroad, doors open, carriers unread.

Owns them. Refuses to own where data rests (ringfence.mutation.families.stores).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policy import tables
from ringfence.mutation import shapes
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, AT_HOME, CLOUD, made, provider_of, stack
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, top, without


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of the three tables."""
    for row in tables.rows("encryption"):
        yield from _keys(row)
    for row in tables.rows("exposure"):
        yield from _doors(row)
    for row in tables.rows("opaque"):
        yield from _carriers(row)


def _rule(name: str) -> frozenset[str]:
    return frozenset({name})


def _with(token: str, resource: Planned, *others: Planned) -> Program:
    return stack(token.partition(":")[0]).adding((*others, resource, *made(token, "it").companions))


def _keys(row: Mapping[str, str]) -> Iterator[Case]:
    token, key = row["type"], row["key"]
    package = token.partition(":")[0]
    home = made(token, "it").resource
    name = f"encryption/{token}"
    encryption, keys = _rule("keys-encryption"), _rule("keys-location")

    def mutant(how: str, resource: Planned, rules: frozenset[str], path: str, *others: Planned, places=()) -> Mutant:
        return Mutant(
            f"{name}/{how}", package, "key", _with(token, resource, *others), Expected(rules, "it", path, places), how
        )

    bare = replace(home, inputs=without(home.inputs, key), edges=_less(home.edges, key))
    yield mutant("missing", bare, encryption, key)
    if row["on"]:
        yield mutant("off", replace(home, inputs=placed(home.inputs, row["on"], False)), encryption, row["on"])
        yield mutant("unset", replace(home, inputs=without(home.inputs, row["on"])), encryption, row["on"])
    unknown = replace(home, inputs=placed(home.inputs, key, UNKNOWN), edges=_less(home.edges, key))
    yield mutant("unknown", unknown, keys, key)
    abroad = ABROAD[CLOUD[package]]
    value = {
        "aws": f"arn:aws:kms:{abroad}:111111111111:key/0a1b",
        "gcp": f"projects/clinic/locations/{abroad}/keyRings/afar/cryptoKeys/data",
    }.get(package)
    if value:
        there = replace(home, inputs=placed(home.inputs, key, value), edges=_less(home.edges, key))
        yield mutant("value", there, keys, key, places=(abroad, ABROAD_COUNTRY))
    for how, region in (("edge", abroad), ("edge", None)):
        made_key = _key(package, region)
        linked = replace(
            home,
            inputs=placed(home.inputs, key, UNKNOWN),
            edges={**_less(home.edges, key), top(key): (made_key[-1].name,)},
        )
        if region:
            yield mutant(how, linked, keys, key, *made_key, places=(abroad, ABROAD_COUNTRY))
        else:
            yield Compliant(f"{name}/{how}", package, "key", _with(token, linked, *made_key))
    yield Compliant(f"{name}/value", package, "key", _with(token, home))
    hidden = replace(home, ignore_changes=(top(key),))
    yield mutant("hidden", hidden, _rule("residency-opaque"), top(key), places=("ignoreChanges",))


def _less(edges: Mapping[str, tuple[str, ...]], path: str) -> dict[str, tuple[str, ...]]:
    return {key: names for key, names in edges.items() if key != top(path)}


def _key(package: str, region: str | None) -> tuple[Planned, ...]:
    """A key made in the stack, last; before it what it lies in."""
    where = provider_of(package, region)
    name = "key"
    if package == "aws":
        return (Planned("aws:kms/key:Key", name, {}, where, f"in-{region}" if region else "default"),)
    location = region or AT_HOME[CLOUD[package]]
    if package == "gcp":
        ring = Planned("gcp:kms/keyRing:KeyRing", "ring", {"location": location}, where)
        return (ring, Planned("gcp:kms/cryptoKey:CryptoKey", name, {"keyRing": UNKNOWN}, where,
                              edges={"keyRing": ("ring",)}))  # fmt: skip
    vault = made("azure-native:keyvault:Vault", "vault", "public", region=location).resource
    inputs = {"vaultName": UNKNOWN, "resourceGroupName": "clinic", "properties": {}}
    return (vault, Planned("azure-native:keyvault:Key", name, inputs, where, edges={"vaultName": ("vault",)}))


def _doors(row: Mapping[str, str]) -> Iterator[Case]:
    token, path, allowed = row["type"], row["path"], row["allowed"].split("|")
    package = token.partition(":")[0]
    home = made(token, "it").resource
    name = f"exposure/{token}/{path}"
    expected = Expected(_rule("residency-public-access"), "it", path)

    def mutant(how: str, inputs: Mapping[str, Any]) -> Mutant:
        return Mutant(f"{name}/{how}", package, "exposure", _with(token, replace(home, inputs=inputs)), expected, how)

    for value in _open_values(token, path, allowed):
        yield mutant(str(value), placed(home.inputs, path, value))
    yield mutant("unknown", placed(home.inputs, path, UNKNOWN))
    if row["absent"] == "open":
        yield mutant("absent", without(home.inputs, path))
    else:
        closed = replace(home, inputs=without(home.inputs, path))
        yield Compliant(f"{name}/absent", package, "exposure", _with(token, closed))
    for value in allowed:
        plain = {"true": True, "false": False}.get(value, value)
        shut = replace(home, inputs=placed(home.inputs, path, plain))
        yield Compliant(f"{name}/{value}", package, "exposure", _with(token, shut))
    if row["unless"]:
        other, _, wanted = row["unless"].partition("=")
        plain = {"true": True, "false": False}.get(wanted, wanted)
        shut = replace(home, inputs=placed(without(home.inputs, path), other, plain))
        yield Compliant(f"{name}/unless", package, "exposure", _with(token, shut))


def _open_values(token: str, path: str, allowed: list[str]) -> list[Any]:
    if allowed[0] in ("true", "false"):
        return [allowed[0] == "false"]
    words = [word for word in shapes.words(token, path) if word.lower() not in {each.lower() for each in allowed}]
    return words or ["Enabled"]


def _carriers(row: Mapping[str, str]) -> Iterator[Case]:
    token = row["type"]
    if token.startswith("kubernetes:*"):
        token = f"kubernetes:thing{token.removeprefix('kubernetes:*')}v1:Thing"
    package = token.partition(":")[0]
    provider = package if package in CLOUD else "aws"
    name = f"opaque/{row['type']}"
    rules = _rule("residency-opaque")

    def case(inputs: Mapping[str, Any]) -> Program:
        labels = {"metadata": {"name": "it"}} if package == "kubernetes" else {}
        where = provider_of(package) if package in CLOUD else {}
        return stack(provider).adding((Planned(token, "it", {**labels, **inputs}, where),))

    yield Mutant(f"{name}/bare", provider, "opaque", case({}), Expected(rules, "it"), "bare")
    if row["region"]:
        cloud = row["cloud"]
        there = case(placed({}, row["region"], ABROAD[cloud]))
        expected = Expected(rules, "it", "", (ABROAD[cloud], ABROAD_COUNTRY))
        yield Mutant(f"{name}/region", provider, "opaque", there, expected, "region")
        yield Compliant(f"{name}/region", provider, "opaque", case(placed({}, row["region"], AT_HOME[cloud])))
        yield Mutant(f"{name}/unknown", provider, "opaque", case(placed({}, row["region"], UNKNOWN)),
                     Expected(rules, "it"), "unknown")  # fmt: skip
