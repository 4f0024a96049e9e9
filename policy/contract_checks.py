"""Checks across a contract: names that must resolve, and keys that no rule will ever ask for.

Owns: every fault that the types cannot see, each with its path and what was probably meant. Refuses to own: reading a
contract (policy.contract_sources).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.contract import Contract
from ringfence.facts import jurisdictions
from ringfence.spec.finding import Finding, Path, did_you_mean, listed

_PREFIXES = (
    *("kubernetes", "account", "gateway", "arn", "urn", "http", "https", "s3", "gs", "hf", "oci", "abfss", "wasbs"),
    *("aws", "aws-native", "azure", "azure-native", "gcp", "google-native"),
)
_PORT = re.compile(r"\d{1,5}(/.*)?$")
_ACCOUNT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9./@_-]*$")


def check(contract: Contract) -> list[Finding]:
    """Every fault; a contract with one cannot be used."""
    return [*_jurisdictions(contract), *_classes(contract), *_locations(contract)]


def _jurisdictions(contract: Contract) -> Iterator[Finding]:
    own = contract.groups
    for group, members in own.items():
        if jurisdictions.is_country(group) or group in jurisdictions.group_names():
            message = f"{group!r} is a country or a built-in group already"
            yield Finding(code="reserved-name", path=("groups", group), message=message, suggestion="rename the group")
        for index, member in enumerate(members):
            yield from _name(("groups", group, index), member, contract)
    for name, data_class in contract.data_classes.items():
        for flow in ("rest", "process", "operate"):
            for index, each in enumerate(getattr(data_class, flow)):
                yield from _name(("dataClasses", name, flow, index), each, contract)


def _name(path: Path, name: str, contract: Contract) -> Iterator[Finding]:
    """A country, a built-in group, or a group of the contract's own that does not contain itself."""
    reserved = [each for each in contract.groups if jurisdictions.is_country(each)]
    own = {key: value for key, value in contract.groups.items() if key not in (*reserved, *jurisdictions.group_names())}
    try:
        jurisdictions.countries(name, own)
    except jurisdictions.UnknownJurisdiction as error:
        if error.name != name:
            return  # Told where the group is written.
        yield Finding(
            code="unknown-jurisdiction",
            path=path,
            message=f"there is no jurisdiction {name!r}",
            allowed=f"an ISO 3166 alpha-2 code, {', '.join((*jurisdictions.group_names(), *own))}",
            suggestion=f"did you mean {error.suggestion!r}?" if error.suggestion else "declare it under groups",
        )
    except jurisdictions.JurisdictionError as error:
        yield Finding(code="circle", path=path, message=str(error), suggestion="break the circle")


def _classes(contract: Contract) -> Iterator[Finding]:
    asked: list[tuple[Path, str]] = []
    if contract.default_data_class is not None:
        asked.append((("defaultDataClass",), contract.default_data_class))
    asked += [(("deidentified", index, "class"), each.data_class) for index, each in enumerate(contract.deidentified)]
    for path, name in asked:
        if name not in contract.data_classes:
            close = did_you_mean(name, contract.data_classes)
            yield Finding(
                code="dangling-name",
                path=path,
                message=f"there is no data class {name!r}",
                allowed=listed(contract.data_classes),
                suggestion=f"did you mean {close!r}?" if close else "declare it under dataClasses",
            )


def _locations(contract: Contract) -> Iterator[Finding]:
    """A key that begins like a kind of location and is none would silently prove nothing."""
    for key in contract.locations:
        prefix, colon, rest = key.partition(":")
        if not colon or prefix in (*_PREFIXES, *contract.trusted_packages) or _PORT.match(rest):
            if prefix == "account" and not _ACCOUNT.match(rest):
                yield _bad_key(key, "an account is account: and its number or name")
            elif colon and not rest:
                yield _bad_key(key, f"{prefix}: names nothing")
            continue
        close = did_you_mean(prefix, _PREFIXES)
        yield _bad_key(
            key, f"{prefix!r} is no kind of location", f"did you mean {close + ':' + rest!r}?" if close else None
        )


def _bad_key(key: str, message: str, suggestion: str | None = None) -> Finding:
    return Finding(
        code="unknown-location",
        path=("locations", key),
        message=message,
        allowed="kubernetes:<cluster>, <package>:<provider>, account:<number>, gateway:<name>, a host, a URI, an ARN",
        suggestion=suggestion or "write it as one of those",
    )
