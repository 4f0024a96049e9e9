"""IAM policy documents (`aws.iam.getPolicyDocument`), really computed.

Owns the JSON. Source: IAM user guide, "Grammar of the IAM JSON policy language"; Terraform registry, data source
aws_iam_policy_document (merging of source and override documents, single values as strings, lists in reverse order).
"""

from __future__ import annotations

import json
from typing import Any

from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN

_FIELDS = (
    ("actions", "Action"),
    ("notActions", "NotAction"),
    ("resources", "Resource"),
    ("notResources", "NotResource"),
)


def policy_document(family: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """The document in both spellings, `json` (indented) and `minifiedJson`."""
    statements: list[dict[str, Any]] = []
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    for text in _texts(arguments, "sourceJson", "sourcePolicyDocuments"):
        statements += _statements_of(text)
    _override(statements, [_statement(item) for item in arguments.get("statements") or ()])
    for text in _texts(arguments, "overrideJson", "overridePolicyDocuments"):
        _override(statements, _statements_of(text))
    document["Statement"] = statements
    compact = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return {
        "id": str(len(compact)),
        "json": json.dumps(document, indent=2, ensure_ascii=False),
        "minifiedJson": compact,
    }


def _texts(arguments: dict[str, Any], single: str, several: str) -> list[str]:
    texts = [arguments.get(single), *(arguments.get(several) or ())]
    return [text for text in texts if isinstance(text, str) and text]


def _statements_of(text: str) -> list[dict[str, Any]]:
    """The statements of a document; a placeholder of another function has none."""
    if UNKNOWN_IN_PLAN in text:
        return []
    document = json.loads(text)
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    return statements if isinstance(statements, list) else [statements]


def _override(statements: list[dict[str, Any]], newer: list[dict[str, Any]]) -> None:
    """Later statements replace those with the same Sid and follow the others."""
    places = {item["Sid"]: index for index, item in enumerate(statements) if item.get("Sid")}
    for item in newer:
        place = places.get(item.get("Sid", ""))
        if place is None:
            statements.append(item)
        else:
            statements[place] = item


def _statement(item: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if item.get("sid"):
        statement["Sid"] = item["sid"]
    statement["Effect"] = item.get("effect") or "Allow"
    for field, name in _FIELDS:
        if item.get(field):
            statement[name] = _one_or_many(item[field])
    for field, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(field):
            statement[name] = _principals(item[field])
    if item.get("conditions"):
        conditions: dict[str, dict[str, Any]] = {}
        for condition in item["conditions"]:
            values = [_variables(value) for value in condition["values"]]
            conditions.setdefault(condition["test"], {})[condition["variable"]] = (
                values[0] if len(values) == 1 else values
            )
        statement["Condition"] = conditions
    return statement


def _principals(principals: list[dict[str, Any]]) -> Any:
    if any(item["type"] == "*" and item["identifiers"] == ["*"] for item in principals):
        return "*"
    merged: dict[str, list[str]] = {}
    for item in principals:
        merged.setdefault(item["type"], []).extend(item["identifiers"])
    return {kind: _one_or_many(identifiers) for kind, identifiers in merged.items()}


def _one_or_many(values: list[str]) -> Any:
    filled = sorted({_variables(value) for value in values}, reverse=True)
    return filled[0] if len(filled) == 1 else filled


def _variables(value: Any) -> str:
    """`&{aws:username}` stands for `${aws:username}`, which Terraform would take for its own."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("&{", "${")
