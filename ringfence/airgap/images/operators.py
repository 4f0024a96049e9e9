"""Images whose tag an operator computes on the cluster, from the nodes it finds there: no chart names them.

Owns: the table of such fields and how their tags are made, and the inventory of nodes that it takes. Refuses to own:
every image that is named in full (fields.py).
Sources: NVIDIA/gpu-operator, api/nvidia/v1alpha1/nvidiadriver_types.go (GetImagePath: <version>-<os>;
GetPrecompiledImagePath: <version>-<kernel>-<os>; a digest takes no suffix); Mellanox/network-operator,
pkg/state/state_ofed.go (<version>-<os>-<arch>, precompiled <version>-<kernel>-<os>-<arch>).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ringfence.airgap.images.found import Closure, Why
from ringfence.airgap.images.reference import Reference, parse
from ringfence.errors import UsageError


@dataclass(frozen=True, order=True)
class Node:
    """What the nodes of one kind run; several kinds make an inventory."""

    os: str
    """As os-release says it, ID and VERSION_ID joined: ubuntu24.04, rhel9.4, sles15.6."""
    kernel: str
    """As `uname -r` says it: 6.8.0-71-generic."""
    arch: str = "amd64"


_NVIDIA, _MOFED = "nvidia", "mofed"
COMPUTED: Mapping[tuple[str, str], str] = {
    ("ClusterPolicy", "spec.driver"): _NVIDIA,
    ("ClusterPolicy", "spec.gds"): _NVIDIA,
    ("ClusterPolicy", "spec.gdrcopy"): _NVIDIA,
    ("ClusterPolicy", "spec.vgpuManager"): _NVIDIA,
    ("NVIDIADriver", "spec"): _NVIDIA,
    ("NicClusterPolicy", "spec.ofedDriver"): _MOFED,
    ("chart gpu-operator", "driver"): _NVIDIA,
    ("chart gpu-operator", "gds"): _NVIDIA,
    ("chart gpu-operator", "gdrcopy"): _NVIDIA,
    ("chart gpu-operator", "vgpuManager"): _NVIDIA,
    ("chart network-operator", "ofedDriver"): _MOFED,
}
"""Kind of the object, or chart of the values, and the path within it, to the way the tag is made."""

KEYS = ("repository", "image", "version")
"""The fields that such an image is split into."""


def computed(owner: str, keys: Sequence[str]) -> str | None:
    """The way the tag of the image at this path is made, or None where it is as written."""
    return COMPUTED.get((owner, ".".join(keys)))


def add_driver(way: str, value: Mapping[str, Any], nodes: Iterable[Node], why: Why, closure: Closure) -> None:
    """Note the images that the nodes will ask for; a miss where no node is declared."""
    if value.get("enabled") is False or value.get("deploy") is False or not value.get("image"):
        return
    name = "/".join(str(value[key]).strip("/") for key in KEYS[:2] if value.get(key))
    version = str(value.get("version") or "")
    written = parse(name, pinned=False)
    if written is None or not version:
        closure.miss(name, why, "the operator needs repository, image and version of its driver")
        return
    if version.startswith("sha256:"):
        closure.add(Reference(written.host, written.path, None, version), why)
        return
    kinds = sorted(set(nodes))
    if not kinds:
        closure.miss(
            name, why, "the operator computes its tag from the nodes' kernel and OS: declare them (--inventory)"
        )
    for node in kinds:
        closure.add(Reference(written.host, written.path, _tag(way, value, version, node)), why)


def _tag(way: str, value: Mapping[str, Any], version: str, node: Node) -> str:
    if way == _MOFED:
        kernel = f"-{node.kernel}" if value.get("forcePrecompiled") else ""
        return f"{version}{kernel}-{node.os}-{node.arch}"
    kernel = f"-{node.kernel}" if value.get("usePrecompiled") else ""
    return f"{version}{kernel}-{node.os}"


def read_inventory(file: Path) -> dict[str, list[Node]]:
    """Nodes by cluster, from a file `clusters: {NAME: [{os: ubuntu24.04, kernel: 6.8.0-71-generic, arch: amd64}]}`.

    Raises:
        UsageError: the file is not of that shape.
    """
    shape = f"{file}: an inventory is `clusters: {{NAME: [{{os: ubuntu24.04, kernel: 6.8.0-71-generic}}]}}`"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {str(name): [Node(**node) for node in nodes] for name, nodes in content["clusters"].items()}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{shape}; this one is not: {error}") from error
