"""What a family answers, and the answers that hold for any package."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ringfence.engine.providers.check import Failure, check_object
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.replacement import forcing
from ringfence.engine.providers.schema.model import ListOf, ObjectType, ResourceType, Scalar, Type
from ringfence.engine.providers.schema.registry import Registry
from ringfence.engine.providers.suggest import hint

Path = tuple[str, ...]
"""A property's path, key by key."""

_ENGINE_KEYS = frozenset({"version", "pluginDownloadURL", "pluginChecksums"})
"""Provider inputs that belong to the engine."""


@dataclass(slots=True)
class Resource:
    """One resource of a request: its plain inputs (secrets laid open) and the SDK's type, None when it has none."""

    token: str
    urn: str
    name: str
    shape: ResourceType | None
    inputs: dict[str, Any]


class Family:
    """A package about which nothing more is known than its SDK."""

    lenient = True
    replacing_configuration: frozenset[str] = frozenset()
    """Provider arguments whose change moves every resource of the provider somewhere else."""

    credentials: frozenset[str] = frozenset()
    """Provider arguments that only open doors. The engine asks an unconfigured provider nothing, and one is
    unconfigured in a preview while any argument is unknown, such as the kubeconfig of a cluster still to be made: a
    typo beneath it would pass. So an unknown credential is filled with a word; no credential is ever used here."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.configuration: dict[str, Any] = {}

    def configure(self, configuration: dict[str, Any]) -> None:
        """Take the provider's arguments."""
        self.configuration = configuration

    def decoded(self, name: str) -> Any:
        """A provider argument that is an object or a list."""
        return decoded(self.configuration.get(name))

    def check_configuration(self, configuration: dict[str, Any]) -> list[Failure]:
        """Hold a provider's arguments against the SDK's Provider class."""
        shape = self.registry.provider()
        texts = {key for key, each in shape.properties.items() if each.type == Scalar("string")}
        plain = {
            key: value if key in texts else decoded(value)  # a kubeconfig may be JSON, and is text all the same
            for key, value in configuration.items()
            if key not in _ENGINE_KEYS
        }
        return check_object(spelled(plain, shape) if self.lenient else plain, shape, lenient=True)

    def check(self, resource: Resource) -> list[Failure]:
        """Hold a resource's inputs against the SDK's type."""
        if resource.shape is None:
            return [self.unknown_type(resource.token)]
        return check_object(resource.inputs, resource.shape.inputs, lenient=self.lenient)

    def unknown_type(self, token: str) -> Failure:
        """The failure of a token that the SDK does not know."""
        package = self.registry.package
        reason = f"{package.wheel} {package.version} has no resource type {token}"
        return Failure("", reason + hint(token, self.registry.tokens))

    def name_in(self, inputs: dict[str, Any]) -> str | None:
        """The name that a resource was given, from its inputs."""
        return inputs.get("name")

    def defaults(self, resource: Resource, previous: dict[str, Any], autonaming: Any) -> dict[Path, Any]:
        """What the provider fills in before anything is created. `previous` holds the old inputs, or `__replaced`."""
        return {}

    def replacements(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], bool]:
        """Whether the change of a path replaces the resource."""
        return forcing(self.registry.package.name, token)

    def computed(self, resource: Resource) -> dict[Path, Any]:
        """What a preview adds to the inputs: mostly `UNKNOWN`."""
        return {}

    def identify(self, resource: Resource, secret: frozenset[str]) -> str:
        """The id of a resource that is created. `secret` names inputs that the id must not be made from."""
        return digest(resource.urn, length=12)

    def outputs(self, resource: Resource, id: str) -> dict[Path, Any]:
        """What a created or updated resource adds to its inputs."""
        return {}

    def found(self, resource: Resource, id: str) -> tuple[dict[str, Any], dict[Path, Any]]:
        """Inputs and outputs of a resource that is only known by its id."""
        return {}, {}

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        """Answer a function."""
        return {}

    def construct(self, request: Any, notices: Notices) -> Any:
        """Build a component on behalf of the package's real provider."""
        raise LookupError(f"{request.type} is built by the real {self.registry.package.name} provider only")


def spelled(value: Any, shape: Type) -> Any:
    """A provider argument with its inner names as the wire has them.

    The Python SDK writes a provider's dictionaries to JSON as they are, so their Python names (`role_arn`) arrive here;
    the Terraform bridge turns every name into that form, and takes both.
    """
    if isinstance(shape, ListOf) and isinstance(value, list):
        return [spelled(item, shape.item) for item in value]
    if isinstance(shape, ObjectType) and isinstance(value, dict):
        wire = {known.python_name: name for name, known in shape.properties.items()}
        named = {key if key in shape.properties else wire.get(key, key): item for key, item in value.items()}
        return {
            key: spelled(item, shape.properties[key].type) if key in shape.properties else item
            for key, item in named.items()
        }
    return value


def decoded(value: Any) -> Any:
    """A provider argument that is no string comes as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
