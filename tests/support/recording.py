"""A resource monitor that records what a program registers, with the identity that the real engine would give it.

Pulumi's own mocks lose the chain of parents in a URN and accept a name twice; this one keeps the first and refuses the
second. It proves names, parents and inputs. It does not prove that a provider accepts them: tests marked `engine` do.

    recording = record(lambda: Thing("a", args))
    recording.inputs("aws:s3/bucket:Bucket", "a")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor

PROJECT, STACK = "recorded", "dev"
Computed = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Type, name and inputs of a resource to the outputs that a cloud would compute."""
Calls = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Token and arguments of a function to what a cloud would answer."""


@dataclass(frozen=True)
class Registered:
    """One resource."""

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]
    depends_on: tuple[str, ...]
    ignore_changes: tuple[str, ...]


@dataclass
class Recording:
    """Everything that was registered, by URN, and the outputs that components registered for themselves."""

    resources: dict[str, Registered] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    result: Any = None

    def of(self, kind: str) -> dict[str, Registered]:
        """Every resource of a type, by name."""
        return {found.name: found for found in self.resources.values() if found.type == kind}

    def inputs(self, kind: str, name: str) -> Mapping[str, Any]:
        """The inputs of one resource; KeyError with the names that there are, where there is none of that name."""
        found = self.of(kind)
        if name not in found:
            raise KeyError(f"no {kind} {name!r}; there are {sorted(found)}")
        return found[name].inputs

    @property
    def custom(self) -> list[Registered]:
        """Resources of clouds, without components."""
        return [found for found in self.resources.values() if found.custom]


def _no_calls(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    raise AssertionError(f"{token} is called, and a preview without a cloud would not know the answer")


class _Mocks(pulumi.runtime.Mocks):
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise AssertionError("the monitor answers by itself")

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:  # ty: ignore[incompatible-method-override]
        return dict(self._calls(args.token, args.args))


class _Monitor(MockMonitor):
    def __init__(self, recording: Recording, mocks: _Mocks, computed: Computed) -> None:
        super().__init__(mocks)
        self._recording, self._computed = recording, computed

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        chain = parent.split("::")[2] + "$" if parent and "pulumi:pulumi:Stack" not in parent else ""
        return f"urn:pulumi:{STACK}::{PROJECT}::{chain}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self._recording.resources:
            raise AssertionError(f"two resources with the URN {urn}")
        inputs = rpc.deserialize_properties(request.object)
        if request.type != "pulumi:pulumi:Stack":
            self._recording.resources[urn] = Registered(
                urn=urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                provider=request.provider,
                custom=request.custom,
                inputs=inputs,
                depends_on=tuple(request.dependencies),
                ignore_changes=tuple(request.ignoreChanges),
            )
        return self._answer(request, urn, inputs)

    def _answer(self, request: Any, urn: str, inputs: Mapping[str, Any]) -> Any:
        from pulumi.runtime.proto import resource_pb2

        state = {**inputs, **self._computed(request.type, request.name, inputs)} if request.custom else {}
        identity = str(state.get("id", f"{request.name}-id")) if request.custom else ""
        outputs = rpc.struct_pb2.Struct()
        outputs.update(_plain(state))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=outputs)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self._recording.outputs[request.urn] = rpc.deserialize_properties(request.outputs, True)
        return super().RegisterResourceOutputs(request)


def _plain(value: Any) -> Any:
    """What a protobuf structure takes."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def record(
    program: Callable[[], Any], computed: Computed = lambda kind, name, inputs: {}, calls: Calls = _no_calls
) -> Recording:
    """Run a program against the recording monitor; its return value, outputs resolved, is `result`."""
    recording = Recording()
    mocks = _Mocks(calls)
    monitor = _Monitor(recording, mocks, computed)
    pulumi.runtime.set_mocks(mocks, project=PROJECT, stack=STACK, preview=False, monitor=monitor)

    def keep(value: Any) -> None:
        recording.result = value

    @pulumi.runtime.test
    def run() -> Any:
        return pulumi.Output.from_input(program()).apply(keep)

    run()
    return recording
