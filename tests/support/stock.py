"""Fills a registry with stand-ins of everything that a stack's clusters ask for: charts, images and weights by name.

Each stand-in is small, real in its shape, and asks for nothing but one image of its own where it is a chart.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.airgap.images.reference import Reference
from ringfence.crossing import charts
from ringfence.crossing.sources import objects_closure
from ringfence.rendering import RenderedCluster
from tests.support.registry import Running

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: stand-in}
spec:
  selector: {matchLabels: {app: stand-in}}
  template:
    metadata: {labels: {app: stand-in}}
    spec: {containers: [{name: it, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}]}
"""


def stock(registry: Running, clusters: Iterable[RenderedCluster]) -> set[str]:
    """Put everything there; path and tag of each artefact."""
    clusters, filled = list(clusters), set()
    found = {use.reference for cluster in clusters for use in charts.uses(cluster) if use.reference}
    for reference in sorted(found, key=str):
        name = _name(reference)
        if name in filled:
            continue
        image = f"{reference.path}-image:{reference.tag}"
        values = {"image": {"repository": f"registry.example/{reference.path}-image", "tag": reference.tag}}
        about = {"apiVersion": "v2", "name": reference.path.rpartition("/")[2], "version": reference.tag}
        registry.chart(name, {"Chart.yaml": about, "values.yaml": values, "templates/it.yaml": _DEPLOYMENT})
        registry.image(image, image.encode())
        filled |= {name, image}
    for reference in sorted(objects_closure(clusters, {}).images, key=str):
        name = _name(reference)
        put = registry.weights if reference.path.startswith("models/") else registry.image
        put(name, name.encode())
        filled.add(name)
    return filled


def _name(reference: Reference) -> str:
    return f"{reference.path}:{reference.tag or 'latest'}"
