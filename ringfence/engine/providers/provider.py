"""One plan-only provider instance: the order in which a request is checked, named, compared and answered.

Owns the flow that all packages share; what is peculiar to a package is its family's (`families/`).
"""

from __future__ import annotations

import json
from typing import Any

from ringfence.engine.providers import diff
from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.families import Family, Path, Resource, family_of
from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.schema.registry import PACKAGES, Registry
from ringfence.engine.providers.wire import SIGNATURE_KEY, contains_unknown, is_secret, set_value, to_plain, to_struct


class Provider:
    """What the engine talks to. Safe to call from many threads."""

    def __init__(self, family: Family, registry: Registry, version: str) -> None:
        self.family = family
        self.registry = registry
        self.version = version
        self.notices = Notices(registry.package.name)
        self._renamed: dict[str, str] = {}

    @property
    def engine_address(self) -> str:
        """Where notices are sent."""
        return self.notices.address

    @engine_address.setter
    def engine_address(self, address: str) -> None:
        self.notices.address = address

    def package_schema(self) -> str:
        """The least schema the engine accepts: the package's name and version."""
        return json.dumps({"name": self.registry.package.name, "version": self.version})

    def check_config(self, request: Any) -> Any:
        """Refuse provider arguments that the SDK's Provider class does not have."""
        configuration = to_plain(request.news)
        response = _checked(request.news, self.family.check_configuration(configuration))
        for name in self.family.credentials:
            if contains_unknown(configuration.get(name)):
                response.inputs.fields[name].string_value = UNKNOWN_IN_PLAN
        return response

    def diff_config(self, request: Any) -> Any:
        """What changed on a provider; the family says which of its arguments move every resource elsewhere."""
        old = request.old_inputs if request.HasField("old_inputs") else request.olds
        return diff.respond(
            _without_version(to_plain(old)),
            _without_version(to_plain(request.news)),
            lambda path: diff.top_level(path) in self.family.replacing_configuration,
        )

    def configure(self, request: Any) -> None:
        """Remember the configuration: regions, accounts, projects."""
        self.family.configure(to_plain(request.args))

    def check(self, request: Any) -> Any:
        """Hold inputs against the SDK's types, and fill in a name where none was given."""
        resource = self._resource(request, request.news)
        failures = self.family.check(resource)
        response = _checked(request.news, failures)
        if not failures:
            defaults = self.family.defaults(resource, self._previous(request), request.autonaming)
            _add(response.inputs, defaults)
        return response

    def diff(self, request: Any) -> Any:
        """Compare the recorded inputs with the new ones."""
        if request.old_inputs == request.news:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        token = request.type or token_of(request.urn)
        new = to_plain(request.news)
        old = to_plain(request.old_inputs)
        return diff.respond(old, new, self.family.replacements(token, old, new))

    def create(self, request: Any) -> Any:
        """Echo the inputs and add outputs: unknown in a preview, deterministic values on `up`."""
        resource = self._resource(request, request.properties)
        response = provider_pb2.CreateResponse(properties=request.properties)
        if request.preview:
            added = self.family.computed(resource)
        else:
            secret = frozenset(key for key, value in request.properties.fields.items() if is_secret(value))
            response.id = self.family.identify(resource, secret)
            added = self.family.outputs(resource, response.id)
        _add(response.properties, added)
        return response

    def update(self, request: Any) -> Any:
        """The new inputs, and the outputs worked out again; in a preview the outputs are still the old ones."""
        resource = self._resource(request, request.news)
        response = provider_pb2.UpdateResponse(properties=request.news)
        outputs = self.family.outputs(resource, request.id)
        if request.preview:
            declared = resource.shape.inputs.properties if resource.shape else {}
            for name, value in request.olds.fields.items():
                if name not in declared and name not in response.properties.fields:
                    response.properties.fields[name].CopyFrom(value)
            outputs = {path: value for path, value in outputs.items() if len(path) > 1}
        _add(response.properties, outputs)
        return response

    def read(self, request: Any) -> Any:
        """What was recorded; for a resource that is only known by its id (`.get`, import), values made from the id."""
        response = provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        if not request.inputs.fields:
            resource = self._resource(request, request.properties)
            inputs, outputs = self.family.found(resource, request.id)
            for target in (response.inputs, response.properties):
                _add(target, {(key,): value for key, value in inputs.items() if key not in target.fields})
            _add(response.properties, outputs)
        return response

    def invoke(self, request: Any) -> Any:
        """Answer a function; a failure of arguments is the caller's error, never a crash."""
        result = self.family.invoke(request.tok, to_plain(request.args), self.notices)
        if isinstance(result, list):
            failures = [provider_pb2.CheckFailure(property=item.path, reason=item.reason) for item in result]
            return provider_pb2.InvokeResponse(failures=failures)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    def call(self, request: Any) -> Any:
        """Answer a resource's method with nothing but a notice: a plan-only provider has no live resource to ask."""
        self.notices.once(request.tok, "a method call has no answer in a plan-only provider")
        return provider_pb2.CallResponse()

    def construct(self, request: Any) -> Any:
        """Build a component that the package's real provider would build."""
        return self.family.construct(request, self.notices)

    def _resource(self, request: Any, properties: Any) -> Resource:
        token = request.type or token_of(request.urn)
        shape = self.registry.resource(token)
        return Resource(token, request.urn, request.name or name_of(request.urn), shape, to_plain(properties))

    def _previous(self, request: Any) -> dict[str, Any]:
        """Old inputs, or for the second check of a resource that is being replaced, where its old name was."""
        if request.olds.fields:
            old = to_plain(request.olds)
            self._renamed[request.urn] = self.family.name_in(old) or ""
            return old
        return {"__replaced": self._renamed[request.urn]} if request.urn in self._renamed else {}


def make_provider(package: str) -> Provider:
    """A provider of one of `PACKAGES`."""
    known = PACKAGES[package]
    registry = Registry(known)
    return Provider(family_of(registry), registry, known.version)


def token_of(urn: str) -> str:
    """The resource type of a URN: the last of the `$`-chained types of its third part."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource name of a URN."""
    return urn.split("::", 3)[3]


def _checked(news: Any, failures: list[Failure]) -> Any:
    response = provider_pb2.CheckResponse(inputs=news)
    for failure in failures:
        # Without a property the engine prints the reason alone; with one it would print the whole value, secrets too.
        response.failures.add(reason=str(failure))
    return response


def _add(struct: Any, values: dict[Path, Any]) -> None:
    """Set values at their paths, inside secrets where a parent is one."""
    for path, value in values.items():
        here = struct
        for key in path[:-1]:
            here = here.fields[key].struct_value
            if SIGNATURE_KEY in here.fields and "value" in here.fields:
                here = here.fields["value"].struct_value
        here.fields[path[-1]].Clear()
        set_value(here.fields[path[-1]], value)


def _without_version(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in ("version", "pluginDownloadURL")}
