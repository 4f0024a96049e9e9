"""Components that the real provider builds: YAML groups and files are really built, charts and kustomizations only
announced.

Owns the registration of a component and of its objects with the engine's resource monitor. Source of the names of the
children: pulumi.com, kubernetes.yaml.v2.ConfigGroup (`<prefix>:<namespace>/<name>`).
"""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

import grpc

from ringfence.engine.providers.families.kubernetes.functions import decode
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.protocol import provider_pb2, resource_pb2, resource_pb2_grpc
from ringfence.engine.providers.wire import UNKNOWN, to_plain, to_struct

_MANIFESTS = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigFile")
_MAX_MESSAGE = 400 * 1024 * 1024


def construct(request: Any, version: str, notices: Notices) -> Any:
    """Register the component, then its objects, each under its own type so that policies see them."""
    channel = grpc.insecure_channel(
        request.monitorEndpoint,
        options=[("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)],
    )
    with channel:
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        inputs = to_plain(request.inputs)
        component = resource_pb2.RegisterResourceRequest(
            type=request.type, name=request.name, parent=request.parent, custom=False, acceptSecrets=True
        )
        component.providers.update(dict(request.providers))
        component.aliasURNs.extend(request.aliases)
        component.dependencies.extend(request.dependencies)
        urn = monitor.RegisterResource(component).urn
        for item in _objects(request, inputs, notices):
            monitor.RegisterResource(_child(item, inputs, request, urn, version))
        monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=to_struct({})))
    return provider_pb2.ConstructResponse(urn=urn, state=to_struct({}))


def _objects(request: Any, inputs: dict[str, Any], notices: Notices) -> list[dict[str, Any]]:
    if request.type not in _MANIFESTS:
        notices.once(request.type, f'"{request.name}" is not rendered, so the preview shows none of its objects')
        return []
    texts = []
    for key in ("yaml", "files", "file", "objs"):
        value = inputs.get(key)
        if value is UNKNOWN:
            notices.once(f"{request.type} {request.name}", f"{key} is not known yet, so its objects are not shown")
        elif key == "yaml" and isinstance(value, str):
            texts.append(value)
        elif key in ("files", "file") and value:
            texts += _read(value if isinstance(value, list) else [value], notices)
    objects = [item for text in texts for item in decode(text)]
    given = inputs.get("objs")
    return objects + ([item for item in given if isinstance(item, dict)] if isinstance(given, list) else [])


def _read(patterns: list[str], notices: Notices) -> list[str]:
    texts = []
    for pattern in patterns:
        if "://" in pattern:
            notices.once(pattern, "an address is not fetched, so its objects are not shown")
            continue
        paths = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not paths:
            raise ValueError(f"no file matches {pattern} (looked in {Path.cwd()})")
        texts += [Path(path).read_text(encoding="utf-8") for path in paths]
    return texts


def _child(item: dict[str, Any], inputs: dict[str, Any], request: Any, parent: str, version: str) -> Any:
    api_version, kind = str(item.get("apiVersion", "")), str(item.get("kind", ""))
    metadata = item.get("metadata") or {}
    name = str(metadata.get("name", kind.lower()))
    namespace = metadata.get("namespace")
    prefix = inputs.get("resourcePrefix") or request.name
    module = api_version if "/" in api_version else f"core/{api_version}"
    child = resource_pb2.RegisterResourceRequest(
        type=f"kubernetes:{module}:{kind}",
        name=f"{prefix}:{namespace}/{name}" if namespace else f"{prefix}:{name}",
        parent=parent,
        custom=True,
        object=to_struct(item),
        acceptSecrets=True,
        provider=dict(request.providers).get("kubernetes", ""),
        version=version,
    )
    return child
