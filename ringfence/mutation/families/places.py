"""Mutants of ringfence.facts: every region, multi-region, implied pair and listed host, held against one class.

Owns walking the facts. What is expected follows from the facts' own countries: these mutants show that the rules read
them, not that they are true. Refuses to own the facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy import tables
from policy.rules.copies import RULE_OF
from ringfence.facts import endpoints, jurisdictions, regions
from ringfence.facts._tables import table
from ringfence.mutation import shapes
from ringfence.mutation.base import ABROAD, AT_HOME, SOURCE, made, stack
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import Program
from ringfence.mutation.redundancy import cross_border_pairs

_EU = jurisdictions.countries(jurisdictions.EU)
_LAWS = _EU | {"US"}
_PACKAGE = {"aws": "aws", "azure": "azure-native", "gcp": "gcp"}
_LOCATION = frozenset({"residency-location"})
_EXPORTER = "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector"


def cases() -> Iterator[Case]:
    """Every case of every table."""
    for cloud, package in _PACKAGE.items():
        for region in regions.regions(cloud):
            yield _region(package, region)
    for area in regions.multi_regions("gcp"):
        yield from _area(area)
    yield from _pairs()
    for row in table("endpoints").rows:
        yield from _host(row["pattern"], row["kind"])


def _region(package: str, region: regions.Region) -> Case:
    token, naming = SOURCE[package]
    whole = made(token, "it", inputs={naming: "it", "region" if package == "aws" else "location": region.code})
    program = stack(package).adding(whole.all)
    name = f"regions/{region.code}"
    if region.country in _EU and region.operator_laws <= _LAWS:
        return Compliant(name, package, "rest", program)
    places = (region.code, region.country, *region.operator_laws)
    return Mutant(name, package, "rest", program, Expected(_LOCATION, "it", "", places), "own")


def _area(area: regions.MultiRegion) -> Iterator[Case]:
    for service in area.services:
        token = _store_of(service)
        if token is None:
            continue
        path = shapes.place_path(token) or "location"
        program = stack("gcp").adding(made(token, "it", inputs={path: area.name}).all)
        name = f"multi-regions/{service}/{area.name}"
        if area.countries <= _EU:
            yield Compliant(name, "gcp", "rest", program)
        else:
            yield Mutant(name, "gcp", "rest", program, Expected(_LOCATION, "it", "", (area.name,)), "own")


def _store_of(service: str) -> str | None:
    found = [token for token in tables.stores() if token.startswith(f"gcp:{service}/") and shapes.place_path(token)]
    return found[0] if found else None


def _pairs() -> Iterator[Case]:
    crossing = {home.code: pair for home, pair in cross_border_pairs()}
    for row in table("azure_pairs").rows:
        home = regions.region("azure", row["region"])
        if home is None:
            continue
        laws = sorted(home.operator_laws)
        own = {"rest": [home.country], "process": [home.country], "operate": laws, "basis": "national law"}
        contract = {"dataClasses": {"national": own}}
        account = made("azure-native:storage:StorageAccount", "it", "national", region=home.code,
                       inputs={"sku": {"name": "Standard_GRS"}})  # fmt: skip
        program = stack("azure-native").adding(account.all, contract)
        pair = crossing.get(home.code)
        name = f"pairs/{home.code}"
        if pair is None:
            yield Compliant(name, "azure-native", "replica", program)
        else:
            expected = Expected(frozenset({RULE_OF["replica"]}), "it", "sku.name", (pair.code, pair.country))
            yield Mutant(name, "azure-native", "replica", program, expected, "pair")


def _host(pattern: str, kind: str) -> Iterator[Case]:
    if kind not in ("telemetry", "storage", "model-api"):
        return
    for host in dict.fromkeys(_written(pattern)):
        known = endpoints.endpoint(host)
        name = f"hosts/{host}"
        program = _sent_to(f"https://{host}/v1")
        if known and known.countries and known.countries <= _EU and known.operator_laws <= _LAWS:
            yield Compliant(name, "kubernetes", "metric", program)
        else:
            expected = Expected(frozenset({RULE_OF["metric"]}), "it", "spec.config.exporters.*.endpoint", (host, "US"))
            yield Mutant(name, "kubernetes", "metric", program, expected, "host")


def _written(pattern: str) -> Iterator[str]:
    """Hosts that a pattern stands for."""
    if "{region}" not in pattern:
        yield pattern.replace("*", "clinic")
        return
    for code in (*AT_HOME.values(), *ABROAD.values()):
        host = pattern.replace("{region}", code).replace("*", "clinic")
        if endpoints.endpoint(host):
            yield host


def _sent_to(url: str) -> Program:
    inputs = {"spec": {"config": {"exporters": {"otlp": {"endpoint": url}}}}}
    return stack("kubernetes").adding(made(_EXPORTER, "it", inputs=inputs).all)
