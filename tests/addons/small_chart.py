"""A small chart with the usual ways of reading values, and what the check finds in values for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ringfence.planning.charts import (
    check_values,
)

VALUES = """\
# A chart made for tests.
image:
  repository: registry.example/app   # where it is
  tag: "1.0"
replicas: 1
enabled: true
nodeSelector: {}
tolerations: []
anything:
containers:
  - name: main
    image: x
locations:
  - name:
    bucket: ""
    # prefix: folder
    config: {}
server:
  port: 80
  # hostPort: 8080
  # metrics:
  #   serviceMonitor:
  #     interval: 30s
  script: |
    # notAKey: true
    echo done
## @param server.extra.deep Something documented far away
podSecurityContext:
  runAsNonRoot: true
resources:
  limits:
    cpu: 1
podLabels:
  a: b
policy:
  upgrade:
    maxParallel: 1
child:
  port: 1
"""


def chart(folder: Path, values: str = VALUES, **more: Any) -> Path:
    """Write a chart; `more` holds subcharts by name (a text of values), `schema` and `meta`."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"apiVersion": "v2", "name": folder.name, "version": "1.0.0", **more.pop("meta", {})}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(meta), encoding="utf-8")
    (folder / "values.yaml").write_text(values, encoding="utf-8")
    if "schema" in more:
        (folder / "values.schema.json").write_text(json.dumps(more.pop("schema")), encoding="utf-8")
    for name, text in more.items():
        chart(folder / "charts" / name, text)
    return folder


def found(folder: Path, values: Mapping[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(f.kind, f.path, f.suggestion) for f in check_values(folder, values, "test")]


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value
