"""The images of charts that Pulumi or Flux installs: rendered by the real Helm, and from their values without one."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.airgap.images.operators import Node
from ringfence.crossing import charts, tools
from ringfence.crossing.charts import ChartUse
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError
from ringfence.rendering import SLOT_PREFIX, RenderedCluster
from tests.crossing.sides import chart_files

HELM = tools.kept("helm", Places.from_environment())
with_helm = pytest.mark.skipif(HELM is None, reason="Helm is neither on PATH nor in the cache")
NODES = (Node("ubuntu24.04", "6.8.0-71-generic"),)


def archive(folder: Path, files: Mapping[str, Any], name: str = "operator") -> Path:
    file = folder / f"{name}.tgz"
    with tarfile.open(file, "w:gz") as tar:
        for path, content in files.items():
            data = (content if isinstance(content, str) else yaml.safe_dump(content)).encode()
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return file


def use(values: Mapping[str, Any] | None = None) -> ChartUse:
    return ChartUse("berlin", "operator", "shop", None, "oci://registry.example/charts/operator:1.0.0", values or {})


def found(file: Path, values: Mapping[str, Any], program: Path | None, version: str | None = "1.34") -> list[str]:
    return sorted(map(str, charts.images(use(values), file, program, version, NODES).images))


@with_helm
def test_rendered_the_hook_and_what_is_set_are_seen(tmp_path: Path) -> None:
    file = archive(tmp_path, chart_files())
    assert found(file, {}, HELM) == ["registry.example/hook:1", "registry.example/operator:3"]
    assert found(file, {"image": {"tag": "4"}}, HELM) == ["registry.example/hook:1", "registry.example/operator:4"]


def test_without_helm_the_values_are_read_and_the_closure_says_so(tmp_path: Path) -> None:
    file = archive(tmp_path, chart_files())
    closure = charts.images(use(), file, None, None, NODES)
    assert sorted(map(str, closure.images)) == ["registry.example/operator:3"], "the hook is in a template only"
    assert closure.values_only == {use().source}


@with_helm
def test_the_target_version_decides_what_is_rendered(tmp_path: Path) -> None:
    pod = "kind: Pod\napiVersion: v1\nmetadata: {{name: p}}\nspec: {{containers: [{{name: a, image: x.io/{}:1}}]}}\n"
    template = f'{{{{- if semverCompare ">=1.34-0" .Capabilities.KubeVersion.Version }}}}\n{pod.format("new")}'
    template += f"{{{{- else }}}}\n{pod.format('old')}{{{{- end }}}}\n"
    file = archive(tmp_path, {**chart_files(), "templates/deployment.yaml": template, "templates/hook.yaml": ""})
    assert found(file, {}, HELM, "1.34") == ["x.io/new:1"]
    assert found(file, {}, HELM, "1.33") == ["x.io/old:1"]


@with_helm
def test_a_cluster_policy_that_a_chart_renders_takes_the_nodes_tags(tmp_path: Path) -> None:
    policy = (
        "kind: ClusterPolicy\napiVersion: nvidia.com/v1\nmetadata: {name: cluster-policy}\nspec:\n  driver:\n"
        '    {repository: nvcr.io/nvidia, image: driver, version: "595.91.07", usePrecompiled: true}\n'
    )
    file = archive(tmp_path, {**chart_files(), "templates/deployment.yaml": policy, "templates/hook.yaml": ""})
    assert found(file, {}, HELM) == ["nvcr.io/nvidia/driver:595.91.07-6.8.0-71-generic-ubuntu24.04"]


@with_helm
def test_a_slot_in_the_values_is_a_word_and_a_chart_that_fails_is_quoted(tmp_path: Path) -> None:
    file = archive(tmp_path, {**chart_files(), "templates/hook.yaml": '# {{ required "no token" .Values.token }}'})
    assert found(file, {"token": f"{SLOT_PREFIX}Release/shop/operator/values.token"}, HELM)
    with pytest.raises(RingfenceError, match="no token"):
        found(file, {}, HELM)


def test_an_archive_that_is_no_chart_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tgz").write_bytes(b"not a tar")
    with pytest.raises(RingfenceError, match="not a chart archive"):
        found(tmp_path / "x.tgz", {}, None)
    with pytest.raises(RingfenceError, match="holds 0 charts"):
        found(archive(tmp_path, {"README.md": "hello"}), {}, None)


def cluster(manifests: list[dict[str, Any]], releases: list[dict[str, Any]]) -> RenderedCluster:
    return RenderedCluster(
        name="berlin",
        site="berlin",
        delivery="pull",
        manifests=tuple(manifests),
        slots=(),
        releases=tuple(releases),
        omitted=(),
    )


def test_charts_of_pulumis_releases_and_of_fluxs() -> None:
    def source(kind: str, name: str, **spec: Any) -> dict[str, Any]:
        return {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}

    def release(name: str, **spec: Any) -> dict[str, Any]:
        return {
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": name},
            "spec": spec,
        }

    manifests = [
        source("OCIRepository", "keda", url="oci://r.example/charts/keda", ref={"tag": "2.20.2"}),
        release("keda", chartRef={"kind": "OCIRepository", "name": "keda"}, targetNamespace="keda", values={"a": 1}),
        source("HelmRepository", "plain", url="https://charts.example"),
        release(
            "plain",
            chart={"spec": {"chart": "p", "version": "1", "sourceRef": {"kind": "HelmRepository", "name": "plain"}}},
        ),
    ]
    releases = [
        {"name": "crd", "namespace": "x", "chart": "oci://r.example/charts/crd", "version": "0.0.0+latest"},
        {"name": "old", "chart": "old", "version": "3", "repositoryOpts": {"repo": "https://charts.example"}},
    ]
    named = {each.release: str(each.reference) for each in charts.uses(cluster(manifests, releases))}
    assert named == {
        "crd": "r.example/charts/crd:0.0.0_latest",
        "old": "None",
        "keda": "r.example/charts/keda:2.20.2",
        "plain": "None",
    }
