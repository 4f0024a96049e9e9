"""The transfer record: which class of data is where, who runs that, by which flows it goes there, and on which basis.

Owns: the record in the shape of GDPR Art. 30(1)(d)-(f) (recipients, transfers to third countries, retention), as JSON
and CSV, and its difference to an earlier one. Every preview of the same program writes the same bytes. Refuses to own:
what is allowed; outcomes are the rules' (policy.evaluation).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from policy.contract import Contract
from policy.evaluation import Said
from policy.flows import flows_of, sources_of
from policy.places import CLOUDS, Located, locate
from policy.resource import Resource
from policy.rule import Context
from policy.rules.copies import whose
from policy.tables import is_store
from ringfence.facts import regions
from ringfence.spec.residency import permitted

COLUMNS = (
    "dataClass",
    "basis",
    "retentionYears",
    "kind",
    "resource",
    "type",
    "place",
    "countries",
    "processor",
    "operatorLaw",
    "from",
    "property",
    "outcome",
)
"""Columns of transfers.csv: a row is one class at one place, or one flow of it to one."""

Row = dict[str, str]


def record(scope: Context, said: Iterable[Said], stack: str) -> dict[str, Any]:
    """The record of one stack as plain values, ordered by class, kind and resource."""
    contract = scope.contract
    if contract is None or scope.graph is None or scope.lineage is None:
        return {"stack": stack, "activities": []}
    outcomes = _outcomes(said)
    rows = sorted(_rows(scope, contract, outcomes), key=lambda row: [row[column] for column in COLUMNS])
    waivers = scope.waivers.all if scope.waivers else ()
    return {
        "record": "GDPR Art. 30(1): recipients, transfers to third countries and retention, by class of data",
        "stack": stack,
        "activities": [_activity(name, contract, rows) for name in sorted({row["dataClass"] for row in rows})],
        "deidentified": [each.model_dump(mode="json", by_alias=True) for each in contract.deidentified],
        "waivers": [each.waiver.model_dump(mode="json", by_alias=True) for each in waivers if each.matched],
    }


def _activity(name: str, contract: Contract, rows: Iterable[Row]) -> dict[str, Any]:
    known = contract.data_classes.get(name)
    mine = [row for row in rows if row["dataClass"] == name]
    countries = sorted({code for row in mine for code in row["countries"].split()})
    allowed = (
        {flow: permitted(known, flow, contract.groups) for flow in ("rest", "process", "operate")} if known else {}
    )
    return {
        "dataClass": name,
        "basis": known.basis if known else "",
        "retentionYears": known.retention_years if known else None,
        "allowed": allowed,
        "countries": countries,
        "processors": sorted({row["processor"] for row in mine if row["processor"]}),
        "places": [row for row in mine if row["kind"] in ("rest", "process")],
        "flows": [row for row in mine if row["kind"] not in ("rest", "process")],
    }


def _rows(scope: Context, contract: Contract, outcomes: Mapping[tuple[str, str], str]) -> Iterable[Row]:
    assert scope.graph is not None and scope.lineage is not None
    for resource in scope.graph.resources.values():
        for name in sorted(scope.lineage.held(resource)):
            kind = "rest" if is_store(resource.type) else "process"
            yield _row(name, contract, kind, resource, locate(resource, scope), "", "", outcomes)
        for moved in flows_of(resource, scope):
            sources, pending = sources_of(resource, moved.locator, scope)
            names, stated, _ = whose(resource, sources, pending, scope)
            origin = ", ".join(each.name for each in sources if each is not resource)
            for name in sorted(names) if stated else ():
                path = moved.read.path
                yield _row(name, contract, moved.locator.flow, resource, moved.place, origin, path, outcomes)


def _row(
    name: str,
    contract: Contract,
    kind: str,
    resource: Resource,
    place: Located,
    origin: str,
    path: str,
    outcomes: Mapping[tuple[str, str], str],
) -> Row:
    known = contract.data_classes.get(name)
    return {
        "dataClass": name,
        "basis": known.basis if known else "",
        "retentionYears": str(known.retention_years) if known else "",
        "kind": kind,
        "resource": resource.urn,
        "type": resource.type,
        "place": place.name,
        "countries": " ".join(sorted(place.countries or ())),
        "processor": _processor(resource, place),
        "operatorLaw": " ".join(sorted(place.operators or ())),
        "from": origin,
        "property": path,
        "outcome": outcomes.get((resource.urn, path)) or ("proven" if place.countries is not None else "unproven"),
    }


def _processor(resource: Resource, place: Located) -> str:
    """Who runs the place: the operator of a cloud's region; empty where only the contract says who."""
    cloud = CLOUDS.get(resource.package)
    code = regions.zone_region(cloud, place.name) or place.name if cloud and place.name else ""
    region = regions.region(cloud, code) if cloud and code else None
    return region.operator if region else ""


def _outcomes(said: Iterable[Said]) -> dict[tuple[str, str], str]:
    """What the rules said of a resource, by property; what they said of its place stands under no property."""
    found: dict[tuple[str, str], str] = {}
    for each in said:
        finding = each.finding
        outcome = "waived" if each.waived else str(finding.outcome)
        if each.rule.id == "residency-location":
            found[finding.resource.urn, ""] = outcome
        elif finding.property_path:
            found[finding.resource.urn, finding.property_path] = outcome
    return found


def difference(new: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What a record has that an earlier one has not, and the other way round: rows, whole."""
    now, before = ({_key(row): row for row in _all(each)} for each in (new, base))
    return {
        "added": [now[key] for key in sorted(now.keys() - before.keys())],
        "removed": [before[key] for key in sorted(before.keys() - now.keys())],
    }


def _all(given: Mapping[str, Any]) -> Iterable[Row]:
    for activity in given.get("activities", ()):
        yield from activity.get("places", ())
        yield from activity.get("flows", ())


def _key(row: Mapping[str, str]) -> str:
    return json.dumps([row.get(column, "") for column in COLUMNS])


def write(found: Mapping[str, Any], directory: Path, base: Path | None) -> None:
    """transfers.json, transfers.csv and, with a base, transfers.diff.json: each whole or not at all.

    Raises OSError or ValueError (a base that is no record) with what is wrong.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if base is not None:
        earlier = json.loads(base.read_text(encoding="utf-8"))
        if not isinstance(earlier, dict) or "activities" not in earlier:
            raise ValueError(f"{base} is no transfer record")
        _put(directory / "transfers.diff.json", _json(difference(found, earlier)))
    table = io.StringIO()
    rows = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(_all(found))
    _put(directory / "transfers.json", _json(found))
    _put(directory / "transfers.csv", table.getvalue())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _put(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
