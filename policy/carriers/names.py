"""Names of the same thing elsewhere: CloudFormation's, ARM's and operators' types as the tokens that our tables have.

Owns: spelling. Refuses to own: whether a type is known (policy.tables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from policy import tables

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|\d+")
_ARM_MODULES = {
    "documentdb": "cosmosdb",
    "cache": "redis",
    "insights": "monitor",
    "operationalinsights": "operationalinsights",
    "kusto": "kusto",
}
_ARM_EXACT = {
    "microsoft.insights/components": "azure-native:applicationinsights:Component",
    "microsoft.cache/redis": "azure-native:redis:Redis",
    "microsoft.documentdb/databaseaccounts": "azure-native:cosmosdb:DatabaseAccount",
    "microsoft.dbforpostgresql/flexibleservers": "azure-native:dbforpostgresql:Server",
    "microsoft.dbformysql/flexibleservers": "azure-native:dbformysql:Server",
    "microsoft.containerservice/managedclusters/agentpools": "azure-native:containerservice:AgentPool",
    "microsoft.netapp/netappaccounts/capacitypools/volumes": "azure-native:netapp:CapacityPoolVolume",
}


@lru_cache(maxsize=8192)
def camel(name: str) -> str:
    """A CloudFormation property as aws-native spells it: KMSMasterKeyID is kmsMasterKeyId."""
    words = _WORDS.findall(name)
    if not words or "".join(words) != name:
        return name
    return words[0].lower() + "".join(word[:1].upper() + word[1:].lower() for word in words[1:])


def camelled(value: Any) -> Any:
    """Every key of a value so spelled; the keys of tags stay."""
    if isinstance(value, Mapping):
        return {camel(key): camelled(item) for key, item in value.items()}
    return [camelled(item) for item in value] if isinstance(value, list) else value


def of_cloudformation(name: str) -> str | None:
    """AWS::S3::Bucket is aws-native:s3:Bucket; None for custom resources and modules, which are code of their own."""
    parts = name.split("::")
    if len(parts) != 3 or parts[0] != "AWS":
        return None
    words = _WORDS.findall(parts[2])
    kind = "".join(word[:1].upper() + word[1:].lower() for word in words) if "".join(words) == parts[2] else parts[2]
    return f"aws-native:{parts[1].lower()}:{kind}"


@cache
def _azure_kinds() -> Mapping[str, tuple[str, ...]]:
    """Kind in lower case to every token of azure-native that has it."""
    found: dict[str, list[str]] = {}
    for token in tables.known_types("azure-native"):
        found.setdefault(token.rpartition(":")[2].lower(), []).append(token)
    return {kind: tuple(tokens) for kind, tokens in found.items()}


@lru_cache(maxsize=4096)
def of_arm(name: str) -> str | None:
    """Microsoft.Storage/storageAccounts is azure-native:storage:StorageAccount; None where no token fits."""
    exact = _ARM_EXACT.get(name.lower())
    if exact:
        return exact
    namespace, *parts = name.split("/")
    if not parts:
        return None
    module = namespace.lower().removeprefix("microsoft.")
    module = _ARM_MODULES.get(module, module)
    singular = [_singular(part) for part in parts]
    for kind in ("".join(singular), *(("".join(singular[-2:]),) if len(singular) > 1 else ()), singular[-1]):
        tokens = _azure_kinds().get(kind.lower(), ())
        fitting = [token for token in tokens if token.split(":")[1] == module] or (tokens if len(tokens) == 1 else ())
        if fitting:
            return fitting[0]
    return None


def _singular(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ses", "se"), ("s", "")):
        if word.lower().endswith(ending) and not word.lower().endswith("ss"):
            return word[: -len(ending)] + instead
    return word


@lru_cache(maxsize=4096)
def of_controller(group: str, kind: str, package: str) -> str | None:
    """The token of an operator's kind in a package: storage.cnrm.cloud.google.com, StorageBucket is
    gcp:storage/bucket:Bucket."""
    service = group.partition(".")[0]
    if package == "aws-native":
        return f"aws-native:{service}:{kind}"
    if package == "azure-native":
        tokens = _azure_kinds().get(kind.lower(), ())
        return next((token for token in tokens if token.split(":")[1] == service), tokens[0] if tokens else None)
    names = [kind]
    if kind.lower().startswith(service.lower()) and len(kind) > len(service):
        names.insert(0, kind[len(service) :])
    names += [kind.replace("Configuration", "Config"), service.capitalize() + kind]
    for each in names:
        token = f"{package}:{service}/{each[:1].lower()}{each[1:]}:{each}"
        if tables.not_yet(token) is not None:
            return token
    return None
