"""Charts that a cluster needs: where each is named, and the images that it asks for, rendered by Helm if there is one.

Owns: finding charts in releases that Pulumi makes and in those that Flux makes, and rendering. Refuses to own: fetching
(artefacts.py) and the search for images (ringfence.airgap.images).
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ringfence.airgap.images.found import Closure
from ringfence.airgap.images.manifests import manifests_images
from ringfence.airgap.images.operators import Node
from ringfence.airgap.images.reference import Reference, parse
from ringfence.airgap.images.values import chart_images
from ringfence.errors import RingfenceError
from ringfence.planning.charts import load_chart
from ringfence.rendering import SLOT_PREFIX, RenderedCluster

LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
CONFIG = "application/vnd.cncf.helm.config.v1+json"


@dataclass(frozen=True)
class ChartUse:
    """A chart that one cluster installs."""

    cluster: str
    release: str
    namespace: str
    reference: Reference | None
    """None where the chart is not in an OCI registry: then it cannot be reached without a network."""
    named: str
    """As it is written."""
    values: Mapping[str, Any]

    @property
    def source(self) -> str:
        """What a reason says."""
        return f"cluster {self.cluster}, release {self.release}, chart {self.named}"


def uses(cluster: RenderedCluster) -> Iterator[ChartUse]:
    """The charts of a cluster, whoever installs them."""
    for release in cluster.releases:
        chart, version = str(release.get("chart", "")), str(release.get("version", ""))
        repository = (release.get("repositoryOpts") or {}).get("repo")
        named = f"{repository}#{chart}:{version}" if repository else f"{chart}:{version}"
        reference = _oci(chart, version)
        values = release.get("values") or {}
        name, namespace = str(release.get("name")), str(release.get("namespace", "default"))
        yield ChartUse(cluster.name, name, namespace, reference, named, values)
    sources = {
        (each["kind"], each["metadata"]["name"]): each["spec"]
        for each in cluster.manifests
        if each["kind"] in ("OCIRepository", "HelmRepository")
    }
    for manifest in cluster.manifests:
        if manifest["kind"] == "HelmRelease":
            yield _flux(cluster.name, manifest, sources)


def _flux(cluster: str, manifest: Mapping[str, Any], sources: Mapping[tuple[str, str], Mapping[str, Any]]) -> ChartUse:
    spec = manifest["spec"]
    name = str(spec.get("releaseName") or manifest["metadata"]["name"])
    namespace = str(spec.get("targetNamespace") or manifest["metadata"].get("namespace", "default"))
    if "chartRef" in spec:
        source = sources.get((spec["chartRef"]["kind"], spec["chartRef"]["name"]), {})
        ref, url = source.get("ref") or {}, str(source.get("url", ""))
        named, tag = f"{url}:{ref.get('tag', '')}", str(ref.get("tag", ""))
        reference = parse(f"{url.removeprefix('oci://')}@{ref['digest']}") if ref.get("digest") else _oci(url, tag)
    else:
        chart = spec["chart"]["spec"]
        source = sources.get((chart["sourceRef"]["kind"], chart["sourceRef"]["name"]), {})
        url, version = str(source.get("url", "")), str(chart.get("version", ""))
        named = f"{url}#{chart['chart']}:{version}"
        reference = _oci(f"{url}/{chart['chart']}", version)
    return ChartUse(cluster, name, namespace, reference, named, spec.get("values") or {})


def _oci(url: str, version: str) -> Reference | None:
    # An OCI tag cannot hold a plus: Helm pushes 0.0.0+latest as 0.0.0_latest (helm/helm, pkg/registry).
    return parse(f"{url.removeprefix('oci://')}:{version.replace('+', '_')}") if url.startswith("oci://") else None


def images(use: ChartUse, archive: Path, program: Path | None, version: str | None, nodes: Sequence[Node]) -> Closure:
    """The images that a chart asks for: of its rendered objects, hooks and tests included, or of its values alone.

    Raises:
        RingfenceError: the archive is no chart, or Helm cannot render it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = _unpacked(archive, Path(scratch), use)
        values = without_slots(use.values)
        if program is None:
            return chart_images(load_chart(folder), values, use.source, nodes)
        file = Path(scratch, "values.yaml")
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        command = [str(program), "template", use.release, str(folder), "--namespace", use.namespace, "--include-crds"]
        command += ["--values", str(file), *(["--kube-version", version] if version else [])]
        home = {"HELM_CACHE_HOME": scratch, "HELM_CONFIG_HOME": scratch, "HELM_DATA_HOME": scratch}
        done = subprocess.run(
            command, env={**os.environ, **home}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise RingfenceError(f"{use.source}: Helm cannot render it: {done.stderr.strip()[-1000:]}")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return manifests_images(yaml.load_all(done.stdout, Loader=loader), use.source, nodes)


def without_slots(value: Any) -> Any:
    """Values with a word in each slot: a chart is rendered to see its images, and no secret is one."""
    if isinstance(value, Mapping):
        return {key: without_slots(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_slots(item) for item in value]
    return "slot" if isinstance(value, str) and value.startswith(SLOT_PREFIX) else value


def _unpacked(archive: Path, scratch: Path, use: ChartUse) -> Path:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(scratch / "chart", filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise RingfenceError(f"{use.source}: not a chart archive: {error}") from None
    found = sorted((scratch / "chart").glob("*/Chart.yaml"))
    if len(found) != 1:
        raise RingfenceError(f"{use.source}: its archive holds {len(found)} charts at the top, and one is needed")
    return found[0].parent
