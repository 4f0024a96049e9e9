"""The dead-value check: on charts made for the purpose, and on public ones with the mistakes that people make."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.planning.charts import (
    check_values,
    load_chart,
)
from tests.addons.small_chart import VALUES, chart, found, nested


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
    [finding] = check_values(folder, nested((*place, "zzz"), 1), "t")
    assert (finding.kind, finding.keys) == ("unknown", (*place, "zzz"))


def _maps(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield (*at, key), value
            yield from _maps(value, (*at, key))
