"""What is rendered from the real engine: of a program never seen before, and of the project's own stacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence.errors import RingfenceError
from ringfence.rendering import SLOT_PREFIX, render, render_stack, to_yaml
from tests.support.engine import EngineRunner, write_project
from tests.support.stacks import REPO, previewed

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi
    import pulumi_kubernetes as k8s
    import pulumi_random as random

    site = pulumi.ResourceOptions(provider=k8s.Provider("site", render_yaml_to_directory="out"))
    drawn = random.RandomPassword("drawn", length=12)
    k8s.core.v1.Secret("login", metadata={"name": "login", "namespace": "work"},
        data={"user": pulumi.Output.secret("aHVudGVyMg==")}, opts=site)
    k8s.core.v1.Secret("drawn", metadata={"name": "drawn", "namespace": "work"},
        string_data={"password": drawn.result}, opts=site)
    k8s.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "work"},
        data={"url": pulumi.Output.concat("https://", drawn.id)}, opts=site)
    k8s.core.v1.Namespace("work", metadata={"name": "work"}, opts=site)
    k8s.core.v1.NamespacePatch("other", metadata={"name": "other", "labels": {"a": "b"}}, opts=site)
    k8s.yaml.v2.ConfigGroup("group", objs=[
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "grouped", "namespace": "work"}}], opts=site)
"""


def test_a_program_never_seen_before(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, PROGRAM)
    rendered, result = render_stack(engine.embedded, project, "dev")
    site = rendered["site"]
    assert site.delivery == "pull"
    assert [f"{each['kind']}/{each['metadata']['name']}" for each in site.manifests] == [
        "Namespace/work",
        "Secret/drawn",
        "Secret/login",
        "ConfigMap/c",
        "ConfigMap/grouped",
    ]
    assert {(slot.name, slot.reason) for slot in site.slots} == {
        ("Secret/work/login/data", "secret"),
        ("Secret/work/drawn/stringData", "secret"),
        ("ConfigMap/work/c/data.url", "unknown"),
    }
    assert [each.urn.rpartition("::")[2] for each in site.omitted] == ["other"]
    assert "aHVudGVyMg" not in to_yaml(site.manifests) + repr(result.events)


def test_an_exported_state_renders_like_the_preview(engine: EngineRunner, tmp_path: Path) -> None:
    """Once the stack is up, what was unknown is a value; what was secret stays a slot."""
    project = write_project(tmp_path, PROGRAM)
    before, _ = render_stack(engine.embedded, project, "dev")
    assert engine.up(project, "dev").exit_code == 0
    exported = json.loads(engine.pulumi(project, "stack", "export", "-s", "dev").stdout)
    after = render(exported["deployment"]["resources"])["site"]
    assert {slot.reason for slot in after.slots} == {"secret"}
    names = [[(m["kind"], m["metadata"]["name"]) for m in cluster.manifests] for cluster in (before["site"], after)]
    assert names[0] == names[1]


def test_nothing_is_rendered_of_what_does_not_preview(engine: EngineRunner, tmp_path: Path) -> None:
    with pytest.raises(RingfenceError, match=r"ringfence preview -s dev[\s\S]*no such thing"):
        render_stack(engine.embedded, write_project(tmp_path, "raise ValueError('no such thing')"), "dev")


def test_every_cluster_of_the_small_stack_is_rendered_whole(engine: EngineRunner) -> None:
    result = previewed(engine, "dev")
    rendered = render(result.resources.values())
    clusters = result.outputs["clusters"]
    assert set(rendered) == set(clusters)
    for name, cluster in rendered.items():
        assert cluster.site == clusters[name]["site"]
        assert cluster.delivery == clusters[name]["delivery"]
        assert cluster.omitted == ()
        assert cluster.manifests, name
        assert not cluster.releases or cluster.delivery == "push", "a pull site gets Flux's objects"
    count = sum(len(each.manifests) + len(each.releases) for each in rendered.values())
    states = [s for s in result.resources.values() if s["type"].startswith("kubernetes:") and not s.get("external")]
    assert count == len(states)
    text = "".join(to_yaml(each.manifests) for each in rendered.values())
    assert text.count(SLOT_PREFIX) == sum(len(each.slots) for each in rendered.values())
    assert str(REPO) not in text
