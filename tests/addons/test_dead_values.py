"""The dead-value check: on charts made for the purpose, and on public ones with the mistakes that people make."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.planning.charts import (
    ChartError,
    DeadValue,
    check_values,
    check_values_file,
    kubernetes,
    load_chart,
)
from tests.addons.shared import CHARTS, with_charts

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


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return chart(tmp_path / "demo")


class TestKnown:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"image": {"tag": "2"}, "replicas": 3, "enabled": False},
            {"nodeSelector": {"a/b": "c"}},
            {"tolerations": [{"key": "x", "value": "y"}]},
            {"anything": {"goes": {"here": 1}}},
            {"anything": ["or", "this"]},
            {"containers": [{"name": "x", "env": [], "resources": {}}]},
            {"locations": [{"name": "x", "prefix": "a", "config": {"region": "r"}}]},
            {"server": {"hostPort": 1, "metrics": {"serviceMonitor": {"interval": "1s"}}}},
            {"server": {"extra": {"deep": 1}}},
            {"podSecurityContext": {"fsGroup": 1}, "resources": {"limits": {"nvidia.com/gpu": 1}, "requests": {}}},
            {"podLabels": {"team": "x"}},
            {"nameOverride": "x", "fullnameOverride": "y"},
            {"replicas": None},
            {"image": {"tag": 2}},
        ],
    )
    def test_accepted(self, demo: Path, values: dict[str, Any]) -> None:
        assert found(demo, values) == []

    def test_its_own_values(self, demo: Path) -> None:
        assert found(demo, yaml.safe_load(VALUES)) == []


class TestDead:
    @pytest.mark.parametrize(
        ("values", "path", "hint"),
        [
            ({"imge": {"tag": "2"}}, "imge", "did you mean image?"),
            ({"image": {"tga": "2"}}, "image.tga", "did you mean image.tag?"),
            ({"policy": {"maxParallel": 2}}, "policy.maxParallel", "did you mean policy.upgrade.maxParallel?"),
            ({"maxParallel": 2}, "maxParallel", "did you mean policy.upgrade.maxParallel?"),
            ({"locations": [{"name": "a"}, {"bukket": "b"}]}, "locations[1].bukket", None),
            (
                {"podSecurityContext": {"fsGruop": 1}},
                "podSecurityContext.fsGruop",
                "did you mean podSecurityContext.fsGroup?",
            ),
            ({"notAKey": True}, "notAKey", None),
            ({"completely": {"else": 1}}, "completely", None),
            ({"image": {"a.b/c": 1}}, 'image."a.b/c"', None),
        ],
    )
    def test_refused_with_what_was_meant(self, demo: Path, values: dict[str, Any], path: str, hint: str | None) -> None:
        assert found(demo, values) == [("unknown", path, hint)]

    def test_every_one_is_told(self, demo: Path) -> None:
        values = {"a1": 1, "image": {"b1": 1}, "server": {"c1": 1, "port": 1}}
        assert [at for _, at, _ in found(demo, values)] == ["a1", "image.b1", "server.c1"]

    def test_a_dead_map_is_told_once(self, demo: Path) -> None:
        assert [at for _, at, _ in found(demo, {"a1": {"b": 1, "c": {"d": 2}}})] == ["a1"]

    def test_comments_in_a_script_are_not_keys(self, demo: Path) -> None:
        assert [at for _, at, _ in found(demo, {"server": {"notAKey": True}})] == ["server.notAKey"]


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"image": "x:1"}, "a string where the chart has a map"),
            ({"replicas": {"min": 1}}, "a map where the chart has a number"),
            ({"image": {"tag": {"x": 1}}}, "a map where the chart has a string"),
            ({"tolerations": {"key": "x"}}, "a map where the chart has a list"),
            ({"enabled": "false"}, "the string 'false' where the chart has a boolean"),
        ],
    )
    def test_other_types_are_told(self, demo: Path, values: dict[str, Any], reason: str) -> None:
        [finding] = check_values(demo, values, "test")
        assert finding.kind == "type"
        assert finding.reason.startswith(reason)

    def test_templates_may_stand_for_booleans(self, demo: Path) -> None:
        assert found(demo, {"enabled": "{{ .Values.global.on }}"}) == []


class TestSubcharts:
    def test_by_name_and_by_alias(self, tmp_path: Path) -> None:
        meta = {"dependencies": [{"name": "store", "version": "1", "alias": "db", "condition": "db.on,useStore"}]}
        folder = chart(tmp_path / "top", "a: 1\n", meta=meta, store="size: 1\nglobal:\n  zone: x\n")
        assert found(folder, {"db": {"size": 2}, "useStore": True}) == []
        assert found(folder, {"db": {"on": False}}) == []
        assert [at for _, at, _ in found(folder, {"store": {"size": 2}})] == ["store"]
        assert found(folder, {"db": {"sise": 2}}) == [("unknown", "db.sise", "did you mean db.size?")]

    def test_globals_are_the_subcharts_too(self, tmp_path: Path) -> None:
        meta = {"dependencies": [{"name": "store", "version": "1"}]}
        folder = chart(tmp_path / "top", "a: 1\n", meta=meta, store="global:\n  zone: x\n")
        assert found(folder, {"global": {"zone": "y"}}) == []
        assert found(folder, {"global": {"zoen": "y"}}) == [("unknown", "global.zoen", "did you mean global.zone?")]

    def test_nothing_is_proved_below_a_subchart_that_is_not_there(self, tmp_path: Path) -> None:
        meta = {"dependencies": [{"name": "gone", "version": "1"}]}
        folder = chart(tmp_path / "top", "a: 1\n", meta=meta)
        assert load_chart(folder).missing == ("gone",)
        assert found(folder, {"gone": {"any": 1}, "global": {"any": 1}}) == []

    def test_one_that_lies_beside(self, tmp_path: Path) -> None:
        chart(tmp_path / "store-2.0", "size: 1\n", meta={"name": "store"})
        meta = {"dependencies": [{"name": "store", "version": "2.0"}]}
        folder = chart(tmp_path / "top", "a: 1\n", meta=meta)
        assert [at for _, at, _ in found(folder, {"store": {"sise": 1}})] == ["store.sise"]

    def test_requirements_in_the_old_form(self, tmp_path: Path) -> None:
        folder = chart(tmp_path / "top", "a: 1\n", store="size: 1\n")
        text = yaml.safe_dump({"dependencies": [{"name": "store", "alias": "db"}]})
        (folder / "requirements.yaml").write_text(text, encoding="utf-8")
        assert [at for _, at, _ in found(folder, {"db": {"sise": 1}})] == ["db.sise"]


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "integer"},
        "mode": {"enum": ["x", "y"]},
        "extra": {"type": "object"},
        "typed": {"type": "object", "additionalProperties": {"type": "string"}},
        "pod": {"$ref": "https://kubernetes.example/pod.json"},
        "list": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "any": {"anyOf": [{"type": "object", "properties": {"p": {}}}, {"type": "null"}]},
    },
    "patternProperties": {"^x-": {"type": "string"}},
    "$defs": {"item": {"type": "object", "additionalProperties": False, "properties": {"name": {}}}},
}


class TestSchemas:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return chart(tmp_path / "schema", "a: 1\nmode: x\n", schema=SCHEMA)

    @pytest.mark.parametrize(
        "values",
        [
            {"extra": {"any": 1}},
            {"typed": {"k": "v"}},
            {"pod": {"spec": {"containers": []}}},
            {"list": [{"name": "x"}]},
            {"x-note": "y"},
            {"any": {"p": 1}},
        ],
    )
    def test_keys_that_only_the_schema_knows(self, folder: Path, values: dict[str, Any]) -> None:
        assert found(folder, values) == []

    @pytest.mark.parametrize(
        ("values", "kind", "path"),
        [
            ({"b": 1}, "unknown", "b"),
            ({"mode": "z"}, "schema", "mode"),
            ({"a": "one"}, "schema", "a"),
            ({"typed": {"k": 1}}, "schema", "typed.k"),
            ({"list": [{"nmae": "x"}]}, "unknown", "list[0].nmae"),
        ],
    )
    def test_what_helm_would_refuse(self, folder: Path, values: dict[str, Any], kind: str, path: str) -> None:
        assert [(k, at) for k, at, _ in found(folder, values)] == [(kind, path)]

    def test_defaults_that_break_their_own_schema_are_nobodys_fault(self, tmp_path: Path) -> None:
        folder = chart(
            tmp_path / "broken", "a: one\nb: 1\n", schema={"properties": {"a": {"type": "integer"}, "b": {}}}
        )
        assert found(folder, {"b": 2}) == []


class TestTemplates:
    def test_keys_that_only_a_template_reads(self, tmp_path: Path) -> None:
        folder = chart(tmp_path / "fetched", "a: 1\n")
        (folder / "templates").mkdir()
        (folder / "templates" / "x.yaml").write_text("{{ .Values.hidden.key }} {{ $.Values.other }}", encoding="utf-8")
        assert found(folder, {"hidden": {"key": 1}, "other": 2}) == []
        assert [at for _, at, _ in found(folder, {"hidden2": 1, "fullnameOverride": "x"})] == [
            "hidden2",
            "fullnameOverride",
        ]


@with_charts
class TestPublicCharts:
    @pytest.mark.parametrize("folder", sorted(p.parent.name for p in CHARTS.glob("*/Chart.yaml")) or ["none"])
    def test_a_chart_reads_its_own_values(self, folder: str) -> None:
        values = load_chart(CHARTS / folder).values
        assert check_values(CHARTS / folder, values, folder) == []

    def test_what_nvidias_own_recipes_carry(self) -> None:
        """Keys of NVIDIA/aicr's recipes that the charts it pins do not read."""
        driver = {"version": "595.91.07", "useOpenKernelModules": True, "maxParallelUpgrades": 5}
        values = {"fullnameOverride": "gpu-operator", "driver": driver, "cdi": {"enabled": True, "default": True}}
        assert found(CHARTS / "gpu-operator", values) == [
            ("unknown", "driver.maxParallelUpgrades", "did you mean driver.upgradePolicy.maxParallelUpgrades?"),
            ("unknown", "cdi.default", None),
            ("no-op", "driver.useOpenKernelModules", "set driver.kernelModuleType to open"),
        ]
        dead = {"deployCR": True, "nvIpam": {}, "secondaryNetwork": {}, "nicClusterPolicy": {}}
        told = found(CHARTS / "network-operator", {**dead, "nfd": {"enabled": False}})
        assert [at for _, at, _ in told] == list(dead)
        assert all("create that custom resource yourself" in (hint or "") for _, _, hint in told)

    @pytest.mark.parametrize(
        ("folder", "values", "path"),
        [
            ("gpu-operator", {"mig": {"strategy": "mixd"}}, "mig.strategy"),
            ("gpu-operator", {"mig": {"strategy": False}}, "mig.strategy"),
            ("gpu-operator", {"hostPaths": {"driverInstallDir": "/"}}, "hostPaths.driverInstallDir"),
            ("kserve-resources", {"kserve": {"certManager": {"enabled": False}}}, "kserve.certManager.enabled"),
            ("kserve-llmisvc-resources", {"kserve": {"certManager": {"enabled": False}}}, "kserve.certManager.enabled"),
            (
                "kserve-resources",
                {"kserve": {"controller": {"deploymentMode": "RawDeployment"}}},
                "kserve.controller.deploymentMode",
            ),
        ],
    )
    def test_documented_traps(self, folder: str, values: dict[str, Any], path: str) -> None:
        [(kind, at, suggestion)] = found(CHARTS / folder, values)
        assert (kind, at) == ("no-op", path)
        assert suggestion

    def test_values_that_work_are_no_trap(self) -> None:
        assert found(CHARTS / "kserve-resources", {"kserve": {"certManager": {"enabled": True}}}) == []
        assert found(CHARTS / "gpu-operator", {"mig": {"strategy": "mixed"}}) == []

    def test_what_is_handed_on_whole_is_not_looked_into(self) -> None:
        assert found(CHARTS / "gateway-helm", {"config": {"envoyGateway": {"any": {"key": 1}}}}) == []
        assert found(CHARTS / "eck-stack", {"eck-elasticsearch": {"nodeSets": [{"volumeClaimTemplates": []}]}}) == []
        assert found(CHARTS / "kube-prometheus-stack", {"grafana": {"grafana.ini": {"smtp": {"enabled": True}}}}) == []

    def test_values_of_a_chart_that_lies_beside(self) -> None:
        told = found(CHARTS / "kube-prometheus-stack", {"grafana": {"adminPasword": "x"}})
        assert told == [("unknown", "grafana.adminPasword", "did you mean grafana.adminPassword?")]

    @pytest.mark.parametrize(
        "folder", ["gpu-operator", "kueue", "velero", "opencost", "loki", "cilium", "kserve-resources"]
    )
    def test_a_typo_anywhere_is_found_and_explained(self, folder: str) -> None:
        """Each known key once, misspelt: it must be found, and in nine of ten cases the right key suggested."""
        chosen = random.Random(folder).sample(sorted(_closed(load_chart(CHARTS / folder).values)), 25)
        right = 0
        for path in chosen:
            told = check_values(CHARTS / folder, _nested((*path[:-1], _misspelt(path[-1])), 1), "t")
            assert [f.kind for f in told] == ["unknown"], path
            right += told[0].suggestion == f"did you mean {'.'.join(path)}?"
        assert right >= 22, f"{right} of 25"


def _closed(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of keys of more than four letters, below maps that are not empty."""
    for key, value in values.items():
        if len(key) > 4 and key.isalpha():
            yield (*at, key)
        if (
            isinstance(value, Mapping)
            and value
            and key.isalpha()
            and not (kubernetes.is_free(key) or kubernetes.fields(key))
        ):
            yield from _closed(value, (*at, key))


def _misspelt(key: str) -> str:
    return key[:2] + key[3] + key[2] + key[4:] if key[2] != key[3] else key[:-1]


def _nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


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
            ("dmeo.yaml", "a: 1\n", "no chart 'dmeo' .* did you mean demo"),
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

    def test_empty_files_and_lists_hold_no_values(self, charts: Path, tmp_path: Path) -> None:
        assert self.told(charts, tmp_path / "demo.yaml", "") == []
        assert self.told(charts, tmp_path / "demo.yaml", "- a\n- b\n") == []

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


KEYS = st.text("abcdefgh", min_size=1, max_size=4)
TREES = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5),
    lambda below: st.dictionaries(KEYS, below, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_own_values_pass_and_a_foreign_key_does_not(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], chance: random.Random
) -> None:
    """For any chart: its own values are fine, and a key that it lacks is found wherever a map is not empty."""
    folder = chart(tmp_path_factory.mktemp("any") / "any", yaml.safe_dump(values))
    assert check_values(folder, values, "t") == []
    closed = [(), *[path for path, node in _maps(values) if node]]
    place = chance.choice(closed)
    [finding] = check_values(folder, _nested((*place, "zzz"), 1), "t")
    assert (finding.kind, finding.keys) == ("unknown", (*place, "zzz"))


def _maps(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield (*at, key), value
            yield from _maps(value, (*at, key))
