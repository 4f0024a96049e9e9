"""components/manifest.py: the class, name, labels and order of each object, and that no secret is in the clear."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components import manifest as subject
from ringfence.planning.labels import Tags

TAGS = Tags(platform="acme", environment="prod", site="fra", jurisdiction="DE", cost_center="CC-1")
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tenants"}}
CLUSTER = {
    "apiVersion": "cluster.x-k8s.io/v1beta2",
    "kind": "Cluster",
    "metadata": {"name": "a", "namespace": "tenants", "labels": {"pool": "x"}},
    "spec": {"paused": True},
}


class Recorder(pulumi.runtime.Mocks):
    """Keeps what the program registered, in order."""

    def __init__(self) -> None:
        self.seen: list[pulumi.runtime.MockResourceArgs] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.seen.append(args)
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"no function is called: {args.token}")


@pytest.fixture
def recorder() -> Recorder:
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, preview=False)
    return recorder


def run(program) -> Any:
    @pulumi.runtime.test
    def inner():
        return program()

    return inner()


def test_kinds_of_kubernetes_get_the_sdk_class_and_others_stay_custom(recorder: Recorder) -> None:
    run(lambda: [subject.apply_manifests("acme", [CLUSTER, NAMESPACE], tags=TAGS), None][1])
    by_name = {args.name: args for args in recorder.seen}
    assert {name: args.typ for name, args in by_name.items()} == {
        "acme-namespace-tenants": "kubernetes:core/v1:Namespace",
        "acme-cluster-tenants-a": "kubernetes:cluster.x-k8s.io/v1beta2:Cluster",
    }
    assert by_name["acme-cluster-tenants-a"].inputs == {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": {"name": "a", "namespace": "tenants", "labels": {**TAGS.kubernetes(), "pool": "x"}},
        "spec": {"paused": True},
    }
    assert by_name["acme-namespace-tenants"].inputs == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "tenants", "labels": TAGS.kubernetes()},
    }


@pytest.mark.parametrize(
    ("api_version", "kind", "typed"),
    [
        ("v1", "Secret", True),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", True),
        ("storage.k8s.io/v1", "StorageClass", True),
        ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", False),
        ("gateway.networking.k8s.io/v1", "Gateway", False),
        ("apps.example.com/v1", "Deployment", False),
    ],
)
def test_a_group_is_matched_whole_and_not_by_its_first_word(api_version: str, kind: str, typed: bool) -> None:
    assert (subject.typed_class(api_version, kind) is not None) is typed


def test_top_level_fields_reach_the_typed_class_in_its_own_spelling(recorder: Recorder) -> None:
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "fast"},
        "provisioner": "local",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    run(lambda: [subject.apply_manifest("fast", storage_class), None][1])
    assert recorder.seen[0].inputs == storage_class


def test_fields_beside_the_spec_of_a_custom_kind_are_kept(recorder: Recorder) -> None:
    priority = {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "WorkloadPriorityClass",
        "metadata": {"name": "high"},
        "value": 10,
        "description": "d",
    }
    run(lambda: [subject.apply_manifest("high", priority), None][1])
    assert recorder.seen[0].typ == "kubernetes:kueue.x-k8s.io/v1beta2:WorkloadPriorityClass"
    assert recorder.seen[0].inputs == priority


def test_a_secret_with_a_plain_value_is_refused_and_an_output_becomes_secret(recorder: Recorder) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bmc", "namespace": "m"}}
    with pytest.raises(subject.ManifestError, match=r"Secret/m/bmc has plain values at stringData: password"):
        subject.apply_manifest("bmc", {**secret, "stringData": {"password": "hunter2"}})
    verdicts: list[bool] = []

    async def program() -> None:
        plain = pulumi.Output.from_input("x")
        made = subject.apply_manifest("bmc", {**secret, "stringData": {"password": plain}})
        assert isinstance(made, kubernetes.core.v1.Secret)
        verdicts.append(await made.string_data.is_secret())

    run(program)
    assert verdicts == [True]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, r"manifest \?/a lacks kind"),
        ({"apiVersion": "v1", "kind": "Namespace"}, r"manifest Namespace/\? lacks metadata.name"),
        ({"apiVersion": "v1", "kind": "Namespce", "metadata": {"name": "a"}}, "Kubernetes has no kind Namespce"),
        ({**NAMESPACE, "sepc": {}}, "Namespace/tenants .*sepc"),
    ],
)
def test_a_manifest_that_cannot_be_applied_says_which_and_why(recorder: Recorder, manifest: Any, message: str) -> None:
    with pytest.raises(subject.ManifestError, match=message):
        subject.apply_manifest("x", manifest)


def test_the_same_object_twice_is_refused(recorder: Recorder) -> None:
    with pytest.raises(subject.ManifestError, match="Namespace/tenants is there twice under 'acme'"):
        subject.apply_manifests("acme", [NAMESPACE, NAMESPACE])


def test_names_do_not_depend_on_the_order(recorder: Recorder) -> None:
    pools = [{**CLUSTER, "kind": "IPPool", "metadata": {"name": name}} for name in ("a", "b")]
    assert [subject.resource_name("p", pool) for pool in pools] == ["p-ip-pool-a", "p-ip-pool-b"]
