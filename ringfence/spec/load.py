"""From a stack file's values to a Platform, or to every reason why not.

Owns: the key under which the platform stands, and turning pydantic's errors, for any model, into findings with
suggestions.
Refuses to own: checks across parts (ringfence.planning.checks) and reading pulumi.Config (stacks.settings).
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.spec.base import COST_CENTER_PATTERN, NAME_PATTERN
from ringfence.spec.finding import Finding, Path, did_you_mean, listed
from ringfence.spec.model import WEIGHTS_PATTERN
from ringfence.spec.platform import Platform
from ringfence.spec.pool import BMC_PATTERN

Model = TypeVar("Model", bound=BaseModel)

CONFIG_KEY = "ringfence:platform"
CONFIG_PATH: Path = ("config", CONFIG_KEY)


def _resolve(data: Any, location: tuple[str | int, ...]) -> tuple[Path, bool]:
    """The path in the data, without the tags that pydantic adds for unions; and whether the last part is in the
    data."""
    path: list[str | int] = []
    node = data
    found = True
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if (isinstance(node, Mapping) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        ):
            path.append(part)
            node = node[part]
        elif last and isinstance(node, Mapping) and isinstance(part, str):
            path.append(part)
            found = False
    return tuple(path), found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model that an annotation can hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated, dict, tuple, list):
        return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]
    return []


def _model_at(path: Path, data: Any, root: type[BaseModel]) -> type[BaseModel] | None:
    """The model that reads the mapping at `path`, chosen by its `kind` where there are several."""
    model = root
    node: Any = data
    for part in path:
        node = node[part] if isinstance(node, Mapping | list) else None
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in fields:
            continue  # a name of ours, or an index: the models stay those of the field
        choices = _models_in(fields[str(part)].annotation)
        if not choices:
            return None
        model = choices[0]
        pending = choices
        if len(choices) > 1:
            model = _UnionOf(pending)
    return _by_kind(model, node)


class _UnionOf:
    """Several models that one field may hold, until `kind` says which."""

    def __init__(self, models: list[type[BaseModel]]) -> None:
        self.models = models

    @property
    def model_fields(self) -> dict[str, Any]:
        return {name: field for model in self.models for name, field in model.model_fields.items()}


def _by_kind(model: Any, node: Any) -> Any:
    if not isinstance(model, _UnionOf):
        return model
    kind = node.get("kind") if isinstance(node, Mapping) else None
    for choice in model.models:
        field = choice.model_fields.get("kind")
        if field is not None and kind in typing.get_args(field.annotation):
            return choice
    return model


def _known_keys(path: Path, data: Any, root: type[BaseModel]) -> list[str]:
    model = _model_at(path, data, root)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


_SPELLINGS = {
    NAME_PATTERN: "lower-case letters, digits and inner hyphens, beginning with a letter, such as dc-frankfurt",
    COST_CENTER_PATTERN: "letters and digits, with blanks, dots, slashes, hyphens or underscores between, such as 4711",
    WEIGHTS_PATTERN: "oci://, s3://, gs://, pvc://, hf:// or https://, without a user or password",
    BMC_PATTERN: "driver, host and path, such as redfish+https://10.0.0.5/redfish/v1/Systems/1, without a password",
}
_ENCRYPTED = (
    "an encrypted value stands here, and the platform file has none: it is read by people and by policies",
    "keep the secret where it is used, and name it here (credentials: <name of the Secret>)",
)
_PASSWORD = re.compile(r"//[^/@\s]*@")
"""User and password of a URL: a message is printed, logged and posted, and says neither."""
_TOO_FEW = "at least one is needed here"
_CODES = {"extra_forbidden": "unknown-key", "missing": "missing-key"}


def _finding(error: ErrorDetails, data: Any, root: type[BaseModel]) -> Finding:
    path, _ = _resolve(data, error["loc"])
    context = error.get("ctx") or {}
    kind = error["type"]
    allowed = suggestion = None
    message = error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1], data, root)
        close = did_you_mean(str(path[-1]), known)
        message, allowed = f"{path[-1]!r} is not a key here", listed(known, 30)
        suggestion = f"did you mean {close!r}?" if close else "remove it"
    elif kind == "missing":
        message, suggestion = f"{path[-1]!r} is missing", f"add {path[-1]!r}"
    elif kind in ("literal_error", "union_tag_invalid"):
        allowed = str(context.get("expected") or context.get("expected_tags"))
        given = str(context.get("tag", error["input"]))
        close = did_you_mean(given, [word.strip("' ") for word in allowed.replace(" or ", ", ").split(",")])
        message, suggestion = f"{given!r} is not allowed", f"did you mean {close!r}?" if close else None
    elif kind == "union_tag_not_found":
        message = "'kind' is missing: it says which of several forms this is"
        allowed = listed(_kinds(path, data, root))
        suggestion = "add 'kind'"
    elif kind == "string_pattern_mismatch":
        message = f"{_short(error['input'])} is not spelled as it must be"
        pattern = str(context.get("pattern"))
        allowed = _SPELLINGS.get(pattern, f"text that matches {pattern}")
    elif kind in ("dict_type", "model_type", "model_attributes_type"):
        message, allowed = f"{_short(error['input'])} stands where a mapping must", "a mapping of keys to values"
    elif kind == "too_short":
        message = _TOO_FEW
    elif kind == "string_type" and isinstance(error["input"], int | float) and not isinstance(error["input"], bool):
        message = f"{error['input']} is a number to YAML, and text is needed here"
        suggestion = "put it in quotes, as it is meant to be read"
    elif kind == "string_type" and _encrypted(error["input"]):
        message, suggestion = _ENCRYPTED
    elif kind != "value_error":
        message = f"{_short(error['input'])} is not allowed: {message[0].lower()}{message[1:]}"
    if kind == "tuple_type":
        message, allowed = f"{_short(error['input'])} stands where a list must", "a list"
    return Finding(
        code=_CODES.get(kind, "invalid-value"), path=path, message=message, allowed=allowed, suggestion=suggestion
    )


def _kinds(path: Path, data: Any, root: type[BaseModel]) -> list[str]:
    model = _model_at(path, data, root)
    models = model.models if isinstance(model, _UnionOf) else []
    return [kind for choice in models for kind in typing.get_args(choice.model_fields["kind"].annotation)]


def _short(value: object) -> str:
    spelled = (
        {None: "nothing", True: "true", False: "false"}[value]
        if value is None or isinstance(value, bool)
        else repr(value)
    )
    spelled = _PASSWORD.sub("//...@", spelled)
    return spelled if len(spelled) <= 80 else spelled[:77] + "..."


def _encrypted(value: object) -> bool:
    """Whether this is what `pulumi config set --secret` leaves in a file."""
    return isinstance(value, Mapping) and set(value) == {"secure"} and isinstance(value["secure"], str)


def parse(data: Any) -> tuple[Platform | None, list[Finding]]:
    """The platform, or every finding of the types. `data` is what stands under `ringfence:platform`."""
    if data is None:
        return None, [Finding(code="missing-key", path=(), message="the platform is empty", suggestion="see README.md")]
    if _encrypted(data):
        message, suggestion = _ENCRYPTED
        return None, [Finding(code="invalid-value", path=(), message=message, suggestion=suggestion)]
    return parse_as(Platform, data)


def parse_as(model: type[Model], data: Any) -> tuple[Model | None, list[Finding]]:
    """Values read as any of our models, or every finding, explained as the platform's are."""
    try:
        return model.model_validate(data, by_alias=True, by_name=False), []
    except ValidationError as error:
        found = [_finding(detail, data, model) for detail in error.errors(include_url=False)]
        return None, _without_repeats(found)


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """One finding for each place and message: unions without a tag report each branch, and a list whose every member
    is wrong is not also too short."""
    inner = {finding.path[:-1] for finding in findings if finding.path}
    told = [finding for finding in findings if not (finding.message == _TOO_FEW and finding.path in inner)]
    return list({(finding.path, finding.message): finding for finding in told}.values())
