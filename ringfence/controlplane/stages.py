"""What KWOK does with nodes and pods: KWOK's own stages, and how long a pod runs.

Owns: the configuration file. A pod runs until somebody deletes it; one that is annotated with RUNS_FOR ends by itself,
successfully, after that time. Refuses to own: the stages that KWOK ships, which are read from its module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

RUNS_FOR = "ringfence.dev/runs-for"
"""Annotation of a pod: how long it runs, as Go writes durations (`90s`, `1h`)."""

_KEPT = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-delete.yaml",
)
_COMPLETE = "pod/fast/pod-complete.yaml"


def write(folder: Path, kept: Path) -> Path:
    """Write KWOK's configuration into a folder; `kept` holds what its module ships."""
    shipped = kept / "kustomize" / "stage"
    stages = [yaml.safe_load((shipped / name).read_text(encoding="utf-8")) for name in _KEPT]
    stages.append(_timed(yaml.safe_load((shipped / _COMPLETE).read_text(encoding="utf-8"))))
    path = folder / "kwok.yaml"
    path.write_text(yaml.safe_dump_all(stages), encoding="utf-8")
    return path


def _timed(stage: dict[str, Any]) -> dict[str, Any]:
    """The stage that ends pods, for those only that say how long they run."""
    annotation = f'.metadata.annotations["{RUNS_FOR}"]'
    expressions = [
        each
        for each in stage["spec"]["selector"]["matchExpressions"]
        if each["key"] != ".metadata.ownerReferences.[].kind"
    ]
    expressions.append({"key": annotation, "operator": "Exists"})
    stage["spec"]["selector"]["matchExpressions"] = expressions
    stage["spec"]["delay"] = {"durationMilliseconds": 1000, "durationFrom": {"expressionFrom": annotation}}
    return stage
