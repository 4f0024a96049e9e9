"""Drives programs through the real analyzer in this process, with the engine's own messages in the engine's order.

Owns the requests. Refuses to own the analyzer (policy.analyzer) and to judge what it says (ringfence.mutation.mutant).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from policy.analyzer import Analyzer
from policy.rules import ALL
from ringfence.mutation.mutant import Said
from ringfence.mutation.program import Planned, Program

_LEVELS = {0: "advisory", 1: "mandatory", 2: "disabled", 3: "remediate"}
AMBIENT = ("AWS_REGION", "AWS_DEFAULT_REGION", "ARM_LOCATION", "GOOGLE_REGION", "GCLOUD_REGION",
            "CLOUDSDK_COMPUTE_REGION", "GOOGLE_ZONE", "CLOUDSDK_COMPUTE_ZONE", "AWS_PROFILE")  # fmt: skip
"""Variables of this process that a program's verdict must not hang on."""


class Refused(Exception):
    """The analyzer stopped the preview: a contract or a waiver that cannot be used."""


class _Call:
    """What the analyzer needs of a gRPC call."""

    def abort(self, code: Any, details: str) -> None:
        raise Refused(details)


def ask(program: Program) -> tuple[Said, ...]:
    """Everything that the rules say of a program. A contract that cannot be used is one mandatory diagnostic."""
    with _folder(program.files) as folder, _environment({"PULUMI_BACKEND_URL": "file://state", **program.environment}):
        try:
            return tuple(_asked(Analyzer("ringfence", "0.1.0", ALL, folder), program))
        except Refused as error:
            return (Said("contract", "mandatory", "", str(error)),)


@contextmanager
def _folder(files: Mapping[str, str]) -> Generator[Path]:
    """The program's folder: a real one only where the program has files for the rules to find."""
    if not files:
        yield Path("nowhere")
        return
    with tempfile.TemporaryDirectory() as name:
        for file, text in {"Pulumi.yaml": "name: demo\nruntime: python\n", **files}.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        yield Path(name)


def _asked(analyzer: Analyzer, program: Program) -> Iterator[Said]:
    call = _Call()
    analyzer.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(
            stack="prod", project="demo", config=dict(program.config), dry_run=True
        ),
        call,
    )
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for policy in analyzer.GetAnalyzerInfo(Empty(), call).policies:
        given = request.policyConfig[policy.name]
        given.enforcementLevel = policy.enforcementLevel
        if policy.name == "contract" and program.contract:
            given.properties.CopyFrom(_struct(program.contract))
    analyzer.Configure(request, call)
    names = {each.urn: each.name for each in program.resources}
    for each in program.resources:
        for diagnostic in analyzer.Analyze(_request(each), call).diagnostics:
            yield _said(diagnostic, each.name)
    by_name = {each.name: each for each in program.resources}
    stack = analyzer_pb2.AnalyzeStackRequest(resources=[_resource(each, by_name) for each in program.resources])
    for diagnostic in analyzer.AnalyzeStack(stack, call).diagnostics:
        yield _said(diagnostic, names.get(diagnostic.urn, diagnostic.urn))


def _said(diagnostic: Any, name: str) -> Said:
    return Said(diagnostic.policyName, _LEVELS[diagnostic.enforcementLevel], name, diagnostic.message)


@contextmanager
def _environment(values: Mapping[str, str]) -> Generator[None]:
    before = {name: os.environ.pop(name, None) for name in (*AMBIENT, *values)}
    try:
        os.environ.update(values)
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _struct(value: Mapping[str, Any]) -> Struct:
    found = Struct()
    found.update(json.loads(json.dumps(value)))
    return found


def _provider(given: Planned) -> Any:
    if given.provider is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=f"pulumi:providers:{given.package}",
        urn=given.provider_urn,
        name=given.provider_name,
        # A provider's values that are no texts arrive as JSON.
        properties=_struct(
            {key: item if isinstance(item, str) else json.dumps(item) for key, item in given.provider.items()}
        ),
    )


def _inputs(given: Planned) -> Struct:
    """The inputs as the engine sends them: a provider's own objects, lists and switches are JSON text."""
    if not given.type.startswith("pulumi:providers:"):
        return _struct(given.inputs)
    return _struct({key: item if isinstance(item, str) else json.dumps(item) for key, item in given.inputs.items()})


def _request(given: Planned) -> Any:
    return analyzer_pb2.AnalyzeRequest(
        type=given.type,
        properties=_inputs(given),
        urn=given.urn,
        name=given.name,
        options=analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=given.ignore_changes),
        provider=_provider(given),
    )


def _resource(given: Planned, by_name: Mapping[str, Planned]) -> Any:
    edges = {
        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[by_name[name].urn for name in names])
        for key, names in given.edges.items()
    }
    return analyzer_pb2.AnalyzerResource(
        type=given.type,
        properties=_inputs(given),
        urn=given.urn,
        name=given.name,
        options=analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=given.ignore_changes),
        provider=_provider(given),
        parent=by_name[given.parent].urn if given.parent else "",
        dependencies=sorted({by_name[name].urn for names in given.edges.values() for name in names}),
        propertyDependencies=edges,
    )
