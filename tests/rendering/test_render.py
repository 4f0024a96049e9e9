"""What is rendered from the states of resources, without an engine: order, slots, and what is refused or reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rendering import SLOT_PREFIX, RenderingError, SlotError, fill, render, to_yaml
from ringfence.rendering.slots import UNKNOWN

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def provider(name: str, parent: str = "", **inputs: Any) -> dict[str, Any]:
    kind = "pulumi:providers:kubernetes"
    urn = f"urn:pulumi:dev::demo::{parent}{kind}::{name}"
    return {"type": kind, "urn": urn, "custom": True, "inputs": inputs, "provider": ""}


def resource(cluster: str, token: str, called: str, /, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::demo::kubernetes:{token}::{called}"
    acting = f"urn:pulumi:dev::demo::pulumi:providers:kubernetes::{cluster}::{UNKNOWN}"
    return {"type": f"kubernetes:{token}", "urn": urn, "custom": True, "inputs": inputs, "provider": acting}


def thing(cluster: str, api_version: str, kind: str, name: Any, namespace: str | None = None, **fields: Any) -> dict:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    group, _, version = api_version.rpartition("/")
    token = f"{group or 'core'}/{version}:{kind}"
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
    return resource(cluster, token, f"{cluster}-{kind}-{namespace}-{name}", **body)


STATES = [
    provider("berlin", context="berlin"),
    provider("lyon", renderYamlToDirectory="rendered/dev/lyon"),
    thing("berlin", "v1", "ConfigMap", "b", "work", data={"x": "1"}),
    thing("berlin", "v1", "Namespace", "work"),
    thing("berlin", "apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.example.com"),
    thing("berlin", "v1", "ResourceQuota", "bound", "work"),
    thing("berlin", "example.com/v1", "Thing", "t", "work"),
    thing("berlin", "v1", "ConfigMap", "a", "work"),
    thing("lyon", "v1", "Namespace", "work"),
]


def keys(manifests: tuple[Mapping[str, Any], ...]) -> list[str]:
    return [f"{each['kind']}/{each['metadata']['name']}" for each in manifests]


def test_each_cluster_gets_its_own_in_an_order_that_can_be_applied() -> None:
    rendered = render(STATES)
    assert list(rendered) == ["berlin", "lyon"]
    assert keys(rendered["berlin"].manifests) == [
        "CustomResourceDefinition/things.example.com",
        "Namespace/work",
        "ResourceQuota/bound",
        "ConfigMap/a",
        "ConfigMap/b",
        "Thing/t",
    ]
    assert keys(rendered["lyon"].manifests) == ["Namespace/work"]
    assert (rendered["berlin"].delivery, rendered["lyon"].delivery) == ("push", "pull")
    assert rendered["berlin"].namespaces == ("work",)


@given(st.permutations(STATES))
def test_the_order_in_which_the_engine_speaks_does_not_matter(states: list[dict[str, Any]]) -> None:
    assert {n: to_yaml(c.manifests) for n, c in render(states).items()} == {
        n: to_yaml(c.manifests) for n, c in render(STATES).items()
    }


def test_secrets_and_unknown_values_are_slots_that_say_where_they_belong() -> None:
    states = [
        provider("berlin"),
        thing("berlin", "v1", "Secret", "s", "work", data={"password": SECRET}, stringData=UNKNOWN),
        thing("berlin", "v1", "ConfigMap", "c", "work", data={"url": f"https://{UNKNOWN}/", "plain": "x"}),
        thing("berlin", "apps/v1", "Deployment", "d", "work", spec={"template": {"list": [{"value": SECRET}, 2]}}),
    ]
    cluster = render(states)["berlin"]
    said = {slot.name: (slot.reason, slot.encoding, slot.path) for slot in cluster.slots}
    assert said == {
        "Secret/work/s/data.password": ("secret", "base64", ("data", "password")),
        "Secret/work/s/stringData": ("secret", "text-map", ("stringData",)),
        "ConfigMap/work/c/data.url": ("unknown", "text", ("data", "url")),
        "Deployment/work/d/spec.template.list.0.value": ("secret", "text", ("spec", "template", "list", 0, "value")),
    }
    text = to_yaml(cluster.manifests)
    assert UNKNOWN not in text and "ciphertext" not in text
    assert text.count(SLOT_PREFIX) == len(cluster.slots)


def test_filled_slots_give_the_manifest_that_was_meant() -> None:
    states = [provider("berlin"), thing("berlin", "v1", "Secret", "s", "work", data={"a": SECRET, "b": "eA=="})]
    manifest = render(states)["berlin"].manifests[0]
    assert fill(manifest, {"Secret/work/s/data.a": "eQ=="})["data"] == {"a": "eQ==", "b": "eA=="}
    with pytest.raises(SlotError, match=r"Secret/work/s/data\.a"):
        fill(manifest, {})


def test_what_is_no_manifest_is_reported() -> None:
    patch = resource("berlin", "core/v1:NamespacePatch", "p", apiVersion="v1", kind="Namespace", metadata={"name": "x"})
    generated = thing("berlin", "v1", "ConfigMap", "", "work")
    hidden = resource("berlin", "core/v1:ConfigMap", "h", apiVersion="v1", kind="ConfigMap", metadata=SECRET)
    listed = resource(
        "berlin", "core/v1:ConfigMapList", "l", apiVersion="v1", kind="ConfigMapList", metadata={}, items=[]
    )
    cluster = render([provider("berlin"), patch, generated, hidden, listed])["berlin"]
    assert cluster.manifests == ()
    reasons = {each.urn.rpartition("::")[2]: each.reason for each in cluster.omitted}
    assert "changes an object" in reasons["p"]
    assert "choose its name" in reasons["berlin-ConfigMap-work-"]
    assert "list" in reasons["l"]
    assert len(reasons) == 4


def test_what_is_only_read_and_what_is_being_deleted_is_not_rendered() -> None:
    read = {**thing("berlin", "v1", "Secret", "kubeconfig", "work"), "external": True}
    gone = {**thing("berlin", "v1", "ConfigMap", "old", "work"), "delete": True}
    component = {**thing("berlin", "v1", "ConfigMap", "part", "work"), "custom": False}
    cluster = render([provider("berlin"), read, gone, component])["berlin"]
    assert (cluster.manifests, cluster.omitted) == ((), ())


def test_a_release_that_pulumi_installs_is_not_a_manifest() -> None:
    values = {"password": SECRET, "replicas": 1}
    chart = resource("berlin", "helm.sh/v3:Release", "r", name="r", namespace="n", chart="oci://x/y", values=values)
    cluster = render([provider("berlin"), chart])["berlin"]
    assert cluster.manifests == ()
    assert [each["chart"] for each in cluster.releases] == ["oci://x/y"]
    assert [slot.name for slot in cluster.slots] == ["Release/n/r/values.password"]


def test_a_name_that_would_be_drawn_anew_is_a_slot() -> None:
    made = thing("berlin", "v1", "ConfigMap", "c-f594f8c8", "work")
    made["inputs"]["metadata"]["annotations"] = {"pulumi.com/autonamed": "true"}
    cluster = render([provider("berlin"), made])["berlin"]
    [slot] = cluster.slots
    assert (slot.reason, slot.path) == ("unknown", ("metadata", "name"))
    assert "annotations" not in cluster.manifests[0]["metadata"]


def test_sites_come_from_the_stack_itself() -> None:
    outputs = {"clusters": {"berlin": {"site": "dc-berlin"}}}
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn:s", "custom": False, "inputs": {}, "outputs": outputs}
    rendered = render([stack, *STATES])
    assert (rendered["berlin"].site, rendered["lyon"].site) == ("dc-berlin", None)


def test_two_providers_of_one_name_are_refused() -> None:
    with pytest.raises(RenderingError, match="two Kubernetes providers are called berlin"):
        render([provider("berlin"), provider("berlin", parent="demo:index:Site$")])


def test_two_versions_of_one_object_are_refused() -> None:
    twice = [thing("berlin", f"example.com/{version}", "Thing", "t", "work") for version in ("v1", "v2")]
    with pytest.raises(RenderingError, match="Thing/work/t is there twice"):
        render([provider("berlin"), *twice])


def test_yaml_reads_back_as_what_was_written() -> None:
    manifests = render(STATES)["berlin"].manifests
    assert list(yaml.safe_load_all(to_yaml(manifests))) == list(manifests)
