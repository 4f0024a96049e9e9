"""Kubernetes: kinds against their schemas, names and namespaces as the real provider fills them, and what a cluster
adds.

Owns the family; schemas, custom resources, outputs and functions each have a file beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ringfence.engine.providers.check import Failure, check_object
from ringfence.engine.providers.families.base import Family, Path, Resource
from ringfence.engine.providers.families.kubernetes import outputs, schemas
from ringfence.engine.providers.families.kubernetes.crds import Definitions
from ringfence.engine.providers.families.kubernetes.kinds import Kind, cluster_scoped, kind_of
from ringfence.engine.providers.families.kubernetes.structural import Validator
from ringfence.engine.providers.naming import made_up
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.suggest import hint
from ringfence.engine.providers.wire import UNKNOWN

AUTONAMED = "pulumi.com/autonamed"
"""The annotation by which the real provider remembers that it made up a name."""

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class Kubernetes(Family):
    """The kubernetes package."""

    lenient = False
    replacing_configuration = frozenset({"cluster", "clusterIdentifier"})
    credentials = frozenset({"kubeconfig", "context", "cluster", "clusterIdentifier"})

    def __init__(self, registry: Any) -> None:
        super().__init__(registry)
        self.definitions = Definitions()
        self._modules = {token.rsplit(":", 1)[0] for token in registry.tokens}
        self._groups = {module.rpartition("/")[0] for module in self._modules}

    def check(self, resource: Resource) -> list[Failure]:
        """An object against its kind's schema; what is no object (a Helm release) against its SDK type."""
        kind = kind_of(resource.token, resource.inputs)
        return super().check(resource) if kind is None else list(self._object(resource, kind))

    def _object(self, resource: Resource, kind: Kind) -> Iterator[Failure]:
        inputs = resource.inputs
        for field, wanted in (("apiVersion", kind.api_version), ("kind", kind.kind)):
            if field in inputs and isinstance(inputs[field], str) and inputs[field] != wanted:
                yield Failure(field, f'a {resource.token} is "{wanted}", got "{inputs[field]}"')
        if resource.shape is None:
            yield from self._custom(resource, kind)
            return
        schema = None if kind.patch else schemas.schema_of(kind.api_version, kind.kind)
        if schema is None:
            failures = check_object(inputs, resource.shape.inputs)
            yield from (item for item in failures if not (kind.patch and "required" in item.reason))
        else:
            # The API server fills apiVersion and kind from the request's address.
            inputs = {"apiVersion": kind.api_version, "kind": kind.kind, **inputs}
            yield from Validator(schemas.definitions()).check(inputs, schema)

    def _custom(self, resource: Resource, kind: Kind) -> Iterator[Failure]:
        module = resource.token.rsplit(":", 1)[0]
        if module in self._modules or module.rpartition("/")[0] in self._groups:
            yield Failure("", f"Kubernetes has no {resource.token}{hint(resource.token, self.registry.tokens)}")
            return
        found = self.definitions.kind(kind.group, kind.kind)
        if found is None:
            near = hint(kind.kind, self.definitions.kinds_of(kind.group))
            if "did you mean" in near:
                yield Failure("kind", f'{kind.group} has no kind "{kind.kind}"{near}')
            return
        schema = found.versions.get(kind.version)
        if schema is None:
            served = ", ".join(sorted(found.versions))
            yield Failure("apiVersion", f"{kind.kind} of {kind.group} is served as {served}, not {kind.version}")
            return
        metadata = {"$ref": f"#/$defs/{_OBJECT_META}"}
        properties = {**(schema.get("properties") or {}), "metadata": metadata, "apiVersion": {}, "kind": {}}
        root = {**schema, "properties": properties}
        if kind.patch:
            root.pop("required", None)
        yield from Validator(schemas.definitions()).check(resource.inputs, root)

    def name_in(self, inputs: dict[str, Any]) -> str | None:
        metadata = inputs.get("metadata")
        return metadata.get("name") if isinstance(metadata, dict) else inputs.get("name")

    def defaults(self, resource: Resource, previous: dict[str, Any], autonaming: Any) -> dict[Path, Any]:
        """A made-up name and the namespace, where the program gave none."""
        kind = kind_of(resource.token, resource.inputs)
        if kind is None:
            return self._release_defaults(resource, previous, autonaming)
        metadata = resource.inputs.get("metadata", {})
        if not isinstance(metadata, dict) or kind.patch or kind.kind.endswith("List"):
            return {}
        filled: dict[Path, Any] = {}
        if "name" not in metadata and "generateName" not in metadata:
            name = self._old_name(previous) or made_up(
                resource.name, resource.urn, previous.get("__replaced", ""), autonaming, digits=8
            )
            if name:
                filled["metadata", "name"] = name
                annotations = metadata.get("annotations", {})
                if isinstance(annotations, dict):
                    filled["metadata", "annotations", AUTONAMED] = "true"
        if "namespace" not in metadata and self._namespaced(kind):
            filled["metadata", "namespace"] = self.configuration.get("namespace") or "default"
        return filled

    def _old_name(self, previous: dict[str, Any]) -> str | None:
        metadata = previous.get("metadata")
        if not isinstance(metadata, dict) or AUTONAMED not in (metadata.get("annotations") or {}):
            return None
        return metadata.get("name")

    def _namespaced(self, kind: Kind) -> bool:
        if f"kubernetes:{kind.group or 'core'}/{kind.version}" in self._modules:
            return (kind.group, kind.kind) not in cluster_scoped()
        found = self.definitions.kind(kind.group, kind.kind)
        return found is not None and found.namespaced

    def _release_defaults(self, resource: Resource, previous: dict[str, Any], autonaming: Any) -> dict[Path, Any]:
        if not resource.token.endswith(":Release"):
            return {}
        filled: dict[Path, Any] = {}
        if "name" not in resource.inputs:
            name = previous.get("name") or made_up(
                resource.name, resource.urn, previous.get("__replaced", ""), autonaming, digits=8
            )
            if name:
                filled["name",] = name
        if "namespace" not in resource.inputs:
            filled["namespace",] = self.configuration.get("namespace") or "default"
        return filled

    def replacements(self, token: str, old: dict[str, Any], new: dict[str, Any]) -> Callable[[str], bool]:
        return outputs.replacements(kind_of(token, new), old, self.configuration, token)

    def computed(self, resource: Resource) -> dict[Path, Any]:
        """A cluster's answer adds a status; everything else of an object is its inputs."""
        shape = resource.shape
        return {("status",): UNKNOWN} if shape is not None and "status" in shape.outputs.properties else {}

    def identify(self, resource: Resource, secret: frozenset[str]) -> str:
        kind = kind_of(resource.token, resource.inputs)
        return outputs.object_id(resource) if kind else outputs.release_id(resource)

    def outputs(self, resource: Resource, id: str) -> dict[Path, Any]:
        kind = kind_of(resource.token, resource.inputs)
        return outputs.of_object(resource, kind) if kind else outputs.of_release(resource)

    def found(self, resource: Resource, id: str) -> tuple[dict[str, Any], dict[Path, Any]]:
        kind = kind_of(resource.token, resource.inputs)
        namespace, _, name = id.rpartition("/")
        if kind is None:
            inputs: dict[str, Any] = {"name": name, "namespace": namespace or "default"}
            return inputs, {}
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        inputs = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        resource.inputs = {**inputs, **resource.inputs}
        return inputs, outputs.of_found(resource, kind)

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        from ringfence.engine.providers.families.kubernetes import functions

        return functions.invoke(token, arguments, notices)

    def construct(self, request: Any, notices: Notices) -> Any:
        from ringfence.engine.providers.families.kubernetes import groups

        return groups.construct(request, self.registry.package.version, notices)
