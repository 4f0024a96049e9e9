"""The image closure on objects as charts and operators write them: what is found, why, and what stays unresolved."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ringfence.airgap.images.found import Closure
from ringfence.airgap.images.manifests import manifests_images
from ringfence.airgap.images.operators import Node
from ringfence.airgap.images.reference import in_text, parse

DIGEST = "sha256:" + "a" * 64
NODES = (Node("ubuntu24.04", "6.8.0-71-generic"), Node("rhel9.4", "5.14.0-427.el9", "arm64"))


def images(*objects: Any, nodes: tuple[Node, ...] = ()) -> Closure:
    return manifests_images(objects, "test", nodes)


def names(closure: Closure) -> list[str]:
    return sorted(map(str, closure.images))


def deployment(**template: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": {"spec": template}},
    }


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("kserve/agent:v0.20.0", "docker.io/kserve/agent:v0.20.0"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b:1"),
        ("registry:5000/a", "registry:5000/a:latest"),
        (f"quay.io/x/y@{DIGEST}", f"quay.io/x/y@{DIGEST}"),
        (f"quay.io/x/y:1.2@{DIGEST}", f"quay.io/x/y:1.2@{DIGEST}"),
        ("quay.io/x/y:20260822", "quay.io/x/y:20260822"),
    ],
)
def test_a_name_has_one_normal_spelling(text: str, normal: str) -> None:
    assert str(parse(text)) == normal


@pytest.mark.parametrize(
    "text", ["", "Upper/case:1", "a b", "http://x.io/a:1", "{{ .Values.image }}", "x.io/a:", "x.io/a@sha256:12"]
)
def test_what_is_no_name_is_none(text: str) -> None:
    assert parse(text) is None


def test_text_gives_only_what_nobody_could_take_for_something_else() -> None:
    text = (
        f"run ghcr.io/a/b:v1, http://x.io/a:80, a/b:c, 10:30, oci://reg.acme.example/m/m:2026.11 and q.io/z@{DIGEST}."
    )
    assert [str(found) for found in in_text(text)] == [
        "ghcr.io/a/b:v1",
        "reg.acme.example/m/m:2026.11",
        f"q.io/z@{DIGEST}",
    ]


def test_every_container_of_a_pod_is_found_with_its_path() -> None:
    closure = images(
        deployment(
            containers=[{"name": "a", "image": "x.io/a:1"}],
            initContainers=[{"name": "b", "image": "x.io/b:1"}],
            ephemeralContainers=[{"name": "c", "image": f"x.io/c@{DIGEST}"}],
            volumes=[{"name": "m", "image": {"reference": "x.io/model:1", "pullPolicy": "IfNotPresent"}}],
        )
    )
    assert names(closure) == ["x.io/a:1", "x.io/b:1", f"x.io/c@{DIGEST}", "x.io/model:1"]
    [why] = closure.images[parse("x.io/b:1")]  # ty: ignore[invalid-argument-type]
    assert str(why) == "test: Deployment shop/web spec.template.spec.initContainers[0].image (container)"


def test_lists_cron_jobs_hooks_and_custom_resources_hide_nothing() -> None:
    pod = {"containers": [{"name": "a", "image": "x.io/cron:1"}]}
    cron = {
        "kind": "CronJob",
        "metadata": {"name": "c"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }
    hook = deployment(containers=[{"name": "a", "image": "x.io/hook:1"}])
    hook["metadata"]["annotations"] = {"helm.sh/hook": "pre-install"}
    runtime = {
        "kind": "ClusterServingRuntime",
        "metadata": {"name": "vllm"},
        "spec": {
            "containers": [{"name": "kserve-container", "image": "x.io/vllm:0.11"}],
            "workerSpec": {"containers": [{"name": "w", "image": "x.io/w:1"}]},
        },
    }
    closure = images({"kind": "List", "items": [cron, hook]}, {"kind": "DeploymentList", "items": [runtime]})
    assert names(closure) == ["x.io/cron:1", "x.io/hook:1", "x.io/vllm:0.11", "x.io/w:1"]


def test_the_gpu_operators_split_fields_are_joined_and_its_driver_takes_the_nodes_tags() -> None:
    policy: dict[str, Any] = {
        "kind": "ClusterPolicy",
        "metadata": {"name": "cluster-policy"},
        "spec": {
            "driver": {
                "repository": "nvcr.io/nvidia",
                "image": "driver",
                "version": "595.91.07",
                "manager": {
                    "repository": "nvcr.io/nvidia/cloud-native",
                    "image": "k8s-driver-manager",
                    "version": "v0.12.0",
                },
            },
            "toolkit": {"repository": "nvcr.io/nvidia/k8s", "image": "container-toolkit", "version": DIGEST},
        },
    }
    closure = images(policy, nodes=NODES)
    assert names(closure) == [
        "nvcr.io/nvidia/cloud-native/k8s-driver-manager:v0.12.0",
        "nvcr.io/nvidia/driver:595.91.07-rhel9.4",
        "nvcr.io/nvidia/driver:595.91.07-ubuntu24.04",
        f"nvcr.io/nvidia/k8s/container-toolkit@{DIGEST}",
    ]
    driver: dict[str, Any] = policy["spec"]["driver"]
    driver["usePrecompiled"] = True
    assert "nvcr.io/nvidia/driver:595.91.07-6.8.0-71-generic-ubuntu24.04" in names(images(policy, nodes=NODES))


def test_a_driver_without_an_inventory_is_unresolved_by_a_name_that_can_be_waived() -> None:
    policy: dict[str, Any] = {
        "kind": "NVIDIADriver",
        "metadata": {"name": "d"},
        "spec": {"repository": "nvcr.io/nvidia", "image": "driver", "version": "1"},
    }
    closure = images(policy)
    assert names(closure) == []
    [missed] = closure.left(())
    assert (missed.name, "--inventory" in missed.reason) == ("nvcr.io/nvidia/driver", True)
    assert closure.left(["nvcr.io/nvidia/driver"]) == []


def test_the_network_operators_driver_takes_os_and_architecture() -> None:
    spec = {"ofedDriver": {"repository": "nvcr.io/nvidia/mellanox", "image": "doca-driver", "version": "26.04"}}
    closure = images({"kind": "NicClusterPolicy", "metadata": {"name": "n"}, "spec": spec}, nodes=NODES)
    assert names(closure) == [
        "nvcr.io/nvidia/mellanox/doca-driver:26.04-rhel9.4-arm64",
        "nvcr.io/nvidia/mellanox/doca-driver:26.04-ubuntu24.04-amd64",
    ]


def test_json_in_a_config_map_is_read_as_kserve_hides_it() -> None:
    data = {
        "storageInitializer": json.dumps({"image": "kserve/storage-initializer:v0.20.0", "memoryRequest": "100Mi"}),
        "explainers": json.dumps({"art": {"image": "kserve/art-explainer", "defaultImageVersion": "v0.20.0"}}),
        "nested.yaml": yaml.safe_dump({"template": json.dumps({"agent": {"image": f"quay.io/x/agent@{DIGEST}"}})}),
    }
    closure = images({"kind": "ConfigMap", "metadata": {"name": "inferenceservice-config"}, "data": data})
    assert names(closure) == [
        "docker.io/kserve/art-explainer:v0.20.0",
        "docker.io/kserve/storage-initializer:v0.20.0",
        f"quay.io/x/agent@{DIGEST}",
    ]


def test_operator_environment_and_flags() -> None:
    env = [
        {"name": "RELATED_IMAGE_PROXY", "value": "x.io/proxy:1"},
        {"name": "VALIDATOR_IMAGE", "value": f"x.io/validator@{DIGEST}"},
        {"name": "IMAGE_PULL_POLICY", "value": "Always"},
        {"name": "IMAGE_REGISTRY", "value": "x.io/only/registry"},
        {"name": "LOG_LEVEL", "value": "info"},
        {"name": "MANAGER_IMAGE", "value": "x.io/manager"},
    ]
    args = [
        "--acme-http01-solver-image=quay.io/jetstack/solver:v1.21.1",
        "--prometheus-config-reloader=quay.io/p/r:v1",
        "--v=2",
    ]
    closure = images(deployment(containers=[{"name": "a", "image": "x.io/op:1", "env": env, "args": args}]))
    assert names(closure) == [
        "quay.io/jetstack/solver:v1.21.1",
        "quay.io/p/r:v1",
        "x.io/op:1",
        "x.io/proxy:1",
        f"x.io/validator@{DIGEST}",
    ]
    assert [missed.name for missed in closure.left(())] == ["MANAGER_IMAGE=x.io/manager"]


def test_a_definition_of_a_kind_asks_for_no_image() -> None:
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "a"}, "spec": {"default": {"image": "x.io/a:1"}}}
    assert names(images(crd)) == []


def test_a_placeholder_is_unresolved_and_not_guessed() -> None:
    closure = images(deployment(containers=[{"name": "a", "image": "${IMAGE}"}]))
    assert names(closure) == [] and [missed.name for missed in closure.left(())] == ["${IMAGE}"]


def test_the_same_closure_gives_the_same_bytes_in_any_order() -> None:
    one = deployment(containers=[{"name": "a", "image": "x.io/a:1"}])
    two = {
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "x.io/a:1"}, {"name": "b", "image": "x.io/b:1"}]},
    }
    assert json.dumps(images(one, two).as_json()) == json.dumps(images(two, one).as_json())


def test_pinning_gives_digests_by_name_and_keeps_the_reasons() -> None:
    closure = images(deployment(containers=[{"name": "a", "image": "x.io/a:1"}]))
    closure.pin({"x.io/a:1": DIGEST})
    assert names(closure) == [f"x.io/a:1@{DIGEST}"]
