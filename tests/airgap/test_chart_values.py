"""The closure of charts that are not rendered: small ones of our own, and the public ones of ../shared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.airgap.images.found import Closure
from ringfence.airgap.images.operators import Node
from ringfence.airgap.images.values import chart_images
from ringfence.planning.charts import load_chart
from tests.addons.shared import CHARTS, with_charts

NODES = (Node("ubuntu24.04", "6.8.0-71-generic"),)


def chart(folder: Path, values: Mapping[str, Any], **meta: Any) -> Path:
    folder.mkdir(parents=True)
    described = {"apiVersion": "v2", "name": folder.name, "version": "1.0.0", "appVersion": "2.5", **meta}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")
    (folder / "values.yaml").write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
    return folder


def found(closure: Closure) -> list[str]:
    return sorted(map(str, closure.images))


def test_a_tag_that_is_left_out_is_the_charts_app_version_and_says_so(tmp_path: Path) -> None:
    folder = chart(tmp_path / "c", {"image": {"repository": "x.io/a", "tag": ""}})
    closure = chart_images(load_chart(folder), {}, "c")
    assert found(closure) == ["x.io/a:2.5"]
    assert {why.rule for reasons in closure.images.values() for why in reasons} == {
        "split fields, tag from the chart's appVersion"
    }
    assert closure.values_only == {"c"}


def test_set_values_win_and_what_is_disabled_is_not_asked_for(tmp_path: Path) -> None:
    values = {
        "image": {"registry": "x.io", "repository": "a", "tag": "1"},
        "extra": {"enabled": False, "image": "x.io/extra:1"},
    }
    loaded = load_chart(chart(tmp_path / "c", values))
    assert found(chart_images(loaded, {"image": {"tag": "2"}}, "c")) == ["x.io/a:2"]
    assert found(chart_images(loaded, {"extra": {"enabled": True}}, "c")) == ["x.io/a:1", "x.io/extra:1"]


def test_subcharts_are_read_under_the_parents_values_unless_switched_off(tmp_path: Path) -> None:
    folder = chart(
        tmp_path / "c",
        {"db": {"image": {"tag": "9"}}, "cache": {"enabled": False}},
        dependencies=[{"name": "db", "version": "1"}, {"name": "cache", "version": "1", "condition": "cache.enabled"}],
    )
    chart(folder / "charts" / "db", {"image": {"repository": "x.io/db", "tag": "8"}})
    chart(folder / "charts" / "cache", {"image": {"repository": "x.io/cache", "tag": "8"}})
    assert found(chart_images(load_chart(folder), {}, "c")) == ["x.io/db:9"]


def test_a_bad_tag_is_unresolved(tmp_path: Path) -> None:
    closure = chart_images(
        load_chart(chart(tmp_path / "c", {"image": {"repository": "x.io/a", "tag": "{{ x }}"}})), {}, "c"
    )
    assert found(closure) == [] and [each.name for each in closure.left(())] == ["x.io/a:{{ x }}"]


@with_charts
def test_the_gpu_operator_of_nvidia() -> None:
    assert found(chart_images(load_chart(CHARTS / "gpu-operator"), {"ccManager": {"enabled": False}}, "g", NODES)) == [
        "nvcr.io/nvidia/cloud-native/k8s-driver-manager:v0.12.0",
        "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0",
        "nvcr.io/nvidia/cloud-native/nvidia-sandbox-device-plugin:v0.0.5",
        "nvcr.io/nvidia/cloud-native/vgpu-device-manager:v0.5.0",
        "nvcr.io/nvidia/dra-driver-nvidia-gpu:v0.5.0",
        "nvcr.io/nvidia/driver:595.91.07-ubuntu24.04",
        "nvcr.io/nvidia/gpu-operator:v26.7.0",
        "nvcr.io/nvidia/k8s-device-plugin:v0.20.0",
        "nvcr.io/nvidia/k8s/container-toolkit:v1.20.0",
        "nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless",
        "nvcr.io/nvidia/kubevirt-gpu-device-plugin:v1.6.0",
        "registry.k8s.io/nfd/node-feature-discovery:v0.19.0",
    ]


@with_charts
def test_kserve_leaves_no_part_of_itself_behind() -> None:
    images = found(chart_images(load_chart(CHARTS / "kserve-resources"), {}, "k"))
    for part in ("kserve-controller", "agent", "router", "storage-initializer"):
        assert f"docker.io/kserve/{part}:v0.20.0" in images


@with_charts
@pytest.mark.parametrize("name", sorted(folder.parent.name for folder in CHARTS.glob("*/Chart.yaml")))
def test_every_public_chart_is_read_and_gives_whole_names(name: str) -> None:
    closure = chart_images(load_chart(CHARTS / name), {}, name, NODES)
    assert [str(image) for image in closure.images if not (image.tag or image.digest)] == []
