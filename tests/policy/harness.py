"""The real analyzer over gRPC, in this process: requests as the engine sends them, diagnostics as it gets them back."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policy.analyzer import Analyzer
from policy.rule import Rule
from policy.rules import ALL

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a text that a preview cannot know."""
COMPONENT = "ringfence:index:CloudCluster"
LEVELS = {0: "advisory", 1: "mandatory", 2: "disabled", 3: "remediate"}

CONTRACT: dict[str, Any] = {
    "dataClasses": {
        "patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU", "US"], "basis": "GDPR art. 9, 44-49"},
        "card": {"rest": ["DE"], "process": ["DE", "NL"], "basis": "PCI DSS, contract 7"},
        "public": {"rest": ["any"], "process": ["any"], "basis": "published"},
    },
    "locations": {"kubernetes:dc-frankfurt": "DE", "kubernetes:dc-ohio": "US", "registry.internal": "DE"},
}


def secret(value: Any) -> dict[str, Any]:
    """A value that the program marked as secret, as the engine sends it."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


@dataclass
class Given:
    """One resource of a program."""

    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    name: str = "it"
    provider: Mapping[str, Any] | None = field(default_factory=dict)
    """Configuration of its provider; None for a component."""
    provider_name: str = "default"
    edges: Mapping[str, list[str]] = field(default_factory=dict)
    """Property to the names of the resources it was made from."""
    ignore_changes: tuple[str, ...] = ()
    parent: str = ""
    """Name of the component it is in; its type is COMPONENT."""

    @property
    def urn(self) -> str:
        return f"urn:pulumi:prod::demo::{self.type}::{self.name}"

    @property
    def provider_urn(self) -> str:
        package = self.type.partition(":")[0]
        return f"urn:pulumi:prod::demo::pulumi:providers:{package}::{self.provider_name}"


@dataclass(frozen=True)
class Said:
    """One diagnostic."""

    rule: str
    level: str
    message: str
    resource: str


class Driver:
    """Speaks the analyzer protocol as the engine does."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self.stub = stub

    def configure(
        self,
        contract: Mapping[str, Any] | None = None,
        config: Mapping[str, str] | None = None,
        levels: Mapping[str, str] | None = None,
    ) -> None:
        """ConfigureStack, GetAnalyzerInfo and Configure, in the engine's order and with its defaults filled in."""
        self.stub.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(stack="prod", project="demo", config=config or {}, dry_run=True)
        )
        info = self.stub.GetAnalyzerInfo(Empty())
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        numbers = {name: number for number, name in LEVELS.items()}
        for policy in info.policies:
            given = request.policyConfig[policy.name]
            given.enforcementLevel = (  # ty: ignore[invalid-assignment]
                numbers[(levels or {})[policy.name]] if policy.name in (levels or {}) else policy.enforcementLevel
            )
            if policy.name == "contract" and contract:
                given.properties.CopyFrom(_struct(contract))
        self.stub.Configure(request)

    def analyze(self, *given: Given) -> list[Said]:
        """Every resource as it is registered, then the stack."""
        said: list[Said] = []
        for each in given:
            response = self.stub.Analyze(_request(each))
            said.extend(_said(response, each.name))
        by_name = {each.name: each for each in given}
        stack = analyzer_pb2.AnalyzeStackRequest()
        for each in given:
            stack.resources.append(_resource(each, by_name))
        names = {each.urn: each.name for each in given}
        return said + [
            Said(d.policyName, LEVELS[d.enforcementLevel], d.message, names.get(d.urn, d.urn))
            for d in self.stub.AnalyzeStack(stack).diagnostics
        ]


def Empty() -> Any:
    from google.protobuf.empty_pb2 import Empty as Nothing

    return Nothing()


def _said(response: Any, name: str) -> list[Said]:
    return [Said(d.policyName, LEVELS[d.enforcementLevel], d.message, name) for d in response.diagnostics]


def _struct(value: Mapping[str, Any]) -> Struct:
    found = Struct()
    found.update(json.loads(json.dumps(value)))
    return found


def _provider(given: Given) -> Any:
    if given.provider is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=f"pulumi:providers:{given.type.partition(':')[0]}",
        urn=given.provider_urn,
        name=given.provider_name,
        properties=_struct(given.provider),
    )


def _request(given: Given) -> Any:
    return analyzer_pb2.AnalyzeRequest(
        type=given.type,
        properties=_struct(given.inputs),
        urn=given.urn,
        name=given.name,
        options=analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=given.ignore_changes),
        provider=_provider(given),
    )


def _resource(given: Given, by_name: Mapping[str, Given]) -> Any:
    edges = {
        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[by_name[name].urn for name in names])
        for key, names in given.edges.items()
    }
    return analyzer_pb2.AnalyzerResource(
        type=given.type,
        properties=_struct(given.inputs),
        urn=given.urn,
        name=given.name,
        options=analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=given.ignore_changes),
        provider=_provider(given),
        parent=by_name[given.parent].urn if given.parent else "",
        dependencies=[by_name[name].urn for names in given.edges.values() for name in names],
        propertyDependencies=edges,
    )


@contextmanager
def analyzer(rules: tuple[Rule, ...] = ALL, program: Path = Path("/nowhere")) -> Generator[Driver]:
    """The analyzer behind a real gRPC server."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer("ringfence", "0.1.0", rules, program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        yield Driver(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        channel.close()
        server.stop(None).wait()
