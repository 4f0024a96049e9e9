"""Values files and chart folders as people have them: given by name, broken, or not charts at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.planning.charts import (
    ChartError,
    DeadValue,
    check_values,
    check_values_file,
)
from tests.addons.small_chart import chart


class TestFiles:
    @pytest.fixture
    def charts(self, tmp_path: Path) -> Path:
        chart(tmp_path / "charts" / "demo")
        chart(tmp_path / "charts" / "other", "x: 1\n")
        return tmp_path / "charts"

    def told(self, charts: Path, path: Path, text: str, **more: Any) -> list[tuple[str, int | None]]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return [(f.path, f.line) for f in check_values_file(charts, path, **more)]

    @pytest.mark.parametrize(
        "name", ["demo.yaml", "demo-values.yaml", "values-demo.yaml", "demo/values.yaml", "demo-eu.yaml"]
    )
    def test_the_files_name_says_the_chart(self, charts: Path, tmp_path: Path, name: str) -> None:
        text = "replicas: 2\nimage:\n  tag: x\n  tga: y\n"
        assert self.told(charts, tmp_path / "mine" / name, text) == [("image.tga", 4)]

    def test_the_caller_says_the_chart(self, charts: Path, tmp_path: Path) -> None:
        assert self.told(charts, tmp_path / "v.yaml", "y: 1\n", chart="other") == [("y", 1)]

    def test_a_folder_that_is_itself_a_chart(self, charts: Path, tmp_path: Path) -> None:
        assert self.told(charts / "other", tmp_path / "v.yaml", "y: 1\n") == [("y", 1)]

    def test_a_flux_release(self, charts: Path, tmp_path: Path) -> None:
        text = (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n"
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n"
            "  chart:\n    spec: {chart: demo}\n  values:\n    server:\n      prot: 1\n"
        )
        assert self.told(charts, tmp_path / "release.yaml", text) == [("server.prot", 12)]

    def test_an_argo_application(self, charts: Path, tmp_path: Path) -> None:
        source = {"chart": "demo", "helm": {"valuesObject": {"imge": 1}, "values": "replicas: 1\nrepliacs: 2\n"}}
        app = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "spec": {"source": source}}
        told = self.told(charts, tmp_path / "app.yaml", yaml.safe_dump(app))
        assert [path for path, _ in told] == ["imge", "repliacs"]
        assert all(line for _, line in told)

    def test_an_umbrella_chart(self, charts: Path, tmp_path: Path) -> None:
        folder = tmp_path / "mine"
        folder.mkdir()
        meta = {"name": "mine", "version": "1", "dependencies": [{"name": "demo", "alias": "d"}, {"name": "elsewhere"}]}
        (folder / "Chart.yaml").write_text(yaml.safe_dump(meta), encoding="utf-8")
        text = "d:\n  replicas: 1\n  repliacs: 2\nelsewhere:\n  any: 1\n"
        assert self.told(charts, folder / "values.yaml", text) == [("repliacs", 3)]

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("demo.yaml", "a: [1\n", "not YAML"),
            ("demo.yaml", b"\xff\xfe\x00", "cannot be read"),
            ("dmeo.yaml", "a: 1\n", "no chart 'dmeo' in .*: did you mean demo"),
            ("demo.yaml", "- a\n- b\n", "holds a list"),
            ("demo.yaml", "replicas: 1\n---\nreplicas: 2\n", "begins in line 3, and Helm reads the first"),
            ("demo.yaml", "a: !!python/object:os.system {}\n", "not readable as YAML values"),
        ],
    )
    def test_bad_files_are_told_with_their_name(
        self, charts: Path, tmp_path: Path, name: str, text: str | bytes, message: str
    ) -> None:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ChartError, match=message):
            check_values_file(charts, path)

    def test_empty_files_hold_no_values(self, charts: Path, tmp_path: Path) -> None:
        assert self.told(charts, tmp_path / "demo.yaml", "") == []

    def test_a_folder_without_charts(self, tmp_path: Path) -> None:
        (tmp_path / "demo.yaml").write_text("a: 1\n", encoding="utf-8")
        with pytest.raises(ChartError, match="holds no charts"):
            check_values_file(tmp_path / "nowhere", tmp_path / "demo.yaml")

    def test_a_finding_reads_as_one_line(self, charts: Path, tmp_path: Path) -> None:
        path = tmp_path / "demo.yaml"
        path.write_text("image:\n  tga: 1\n", encoding="utf-8")
        [finding] = check_values_file(charts, path)
        assert isinstance(finding, DeadValue)
        assert str(finding) == f"{path}:2: image.tga: chart demo 1.0.0 has no such value; did you mean image.tag?"


class TestBadCharts:
    @pytest.mark.parametrize(
        ("file", "text", "message"),
        [
            ("values.yaml", "a: [1", "values.yaml: not YAML"),
            ("values.yaml", "- a", "holds a list, not a map"),
            ("values.schema.json", "{", "values.schema.json: not JSON"),
        ],
    )
    def test_each_is_told(self, tmp_path: Path, file: str, text: str, message: str) -> None:
        folder = chart(tmp_path / "bad", "a: 1\n")
        (folder / file).write_text(text, encoding="utf-8")
        with pytest.raises(ChartError, match=message):
            check_values(folder, {}, "t")

    def test_no_chart(self, tmp_path: Path) -> None:
        with pytest.raises(ChartError, match=r"no Chart\.yaml"):
            check_values(tmp_path, {}, "t")
