"""What a family answers, and the answers that hold for any package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.schema.model import ResourceType
from ringfence.engine.providers.schema.registry import Registry


@dataclass(slots=True)
class Resource:
    """One resource of a request: its plain inputs (secrets laid open) and the SDK's type, None when it has none."""

    token: str
    urn: str
    name: str
    shape: ResourceType | None
    inputs: dict[str, Any]


class Family:
    """The answers of a package about which nothing more is known than its SDK."""

    lenient = True
    replacing_configuration: frozenset[str] = frozenset()

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.configuration: dict[str, Any] = {}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def check_configuration(self, configuration: dict[str, Any]) -> list[Failure]:
        return []

    def failures(self, resource: Resource) -> list[Failure]:
        return []

    def name_in(self, inputs: dict[str, Any]) -> str | None:
        return inputs.get("name")

    def defaults(self, resource: Resource, previous: dict[str, Any], autonaming: Any) -> dict[tuple[str, ...], Any]:
        return {}

    def replacements(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], bool]:
        return lambda path: False

    def computed(self, resource: Resource) -> list[str]:
        """Outputs that are not inputs."""
        shape = resource.shape
        if shape is None:
            return []
        return [name for name in shape.outputs.properties if name not in resource.inputs]

    def outputs(self, resource: Resource, wire: Any) -> tuple[str, dict[str, Any]]:
        return hashlib.sha256(resource.urn.encode()).hexdigest()[:12], {}

    def found(self, resource: Resource, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        return {}

    def construct(self, request: Any, notices: Notices) -> Any:
        raise NotImplementedError(request.type)
