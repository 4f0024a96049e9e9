"""The rule on secrets: none stands in plain text where logs, state and reviewers can read it.

Owns: supply-chain-plaintext-secret. Refuses to own: the patterns (policy.decisions.secrets). No message holds a value.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policy.decisions.secrets import announced, form_of
from policy.pods import containers
from policy.resource import Resource
from policy.rule import Context, Finding, Rule
from policy.values import Secret, texts
from ringfence.spec.residency import Outcome

_SECRET = "kubernetes:core/v1:Secret"
_CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
_NAMED = {
    "aws:lambda/function:Function": ("environment.variables",),
    "kubernetes:helm.sh/v3:Release": ("values",),
    "kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease": ("spec.values",),
    _CONFIG_MAP: ("data",),
}
"""Mappings whose keys name what their values are."""
_ARGUMENTS = {
    "password",
    "masterPassword",
    "masterUserPassword",
    "administratorLoginPassword",
    "adminPassword",
    "authToken",
}
"""Arguments of cloud resources that are secrets; the SDKs mark most of them."""
_SCRIPTS = {"userData", "userDataBase64", "customData"}
_FIX = "read it with pulumi.Config().require_secret or from a secret store, and pass it on as a secret"


def _plaintext(resource: Resource, context: Context) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, what in _found(resource):
        if path not in seen:
            seen.add(path)
            yield Finding(resource, Outcome.REFUSED, f"{path} of {resource.shown} holds {what} in plain text", _FIX)


def _found(resource: Resource) -> Iterator[tuple[str, str]]:
    """(path, what it looks like) of every plain secret."""
    if resource.is_provider:
        return
    if resource.type == _SECRET:
        yield from _of_secret(resource)
        return
    for path, text, secret in texts(resource.inputs):
        what = None if secret else form_of(text) or form_of(_decoded(path, text))
        if what:
            yield path, what
    for name in _ARGUMENTS.intersection(resource.inputs):
        value = resource.inputs[name]
        if isinstance(value, str) and value:
            yield name, "a password"
    for path in _NAMED.get(resource.type, ()):
        yield from _announced(resource.reader.one(path).value, path)
    for index, container in enumerate(containers(resource)):
        for read in container.all("env[]"):
            if read.known and isinstance(read.value, dict) and isinstance(read.value.get("value"), str):
                name = str(read.value.get("name"))
                if announced(name, read.value["value"]):
                    yield f"container {index}, {read.path} ({name})", "what its name calls a secret"


def _decoded(path: str, text: str) -> str:
    """Start-up scripts are often given in base64; the text within, or nothing."""
    if path.rpartition(".")[2] not in _SCRIPTS:
        return ""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return ""


def _of_secret(resource: Resource) -> Iterator[tuple[str, str]]:
    """A Secret's values are secret in the program too, or they are plain in the state."""
    for field in ("stringData", "data"):
        value = resource.inputs.get(field)
        for key, item in value.items() if isinstance(value, dict) else ():
            if isinstance(item, str) and item:
                yield f"{field}.{key}", "a value that the program does not mark as secret"


def _announced(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}"
            if isinstance(item, str) and announced(str(key), item):
                yield here, "what its name calls a secret"
            elif not isinstance(item, Secret):
                yield from _announced(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _announced(item, f"{path}[{index}]")


RULES = (
    Rule(
        id="supply-chain-plaintext-secret",
        group="supply-chain",
        severity=Severity.CRITICAL,
        description="No secret stands in plain text in a program's resources.",
        clauses=("ISO27001-A.8.24", "SOC2-CC6", "PCI-3.6"),
        check=_plaintext,
    ),
)
