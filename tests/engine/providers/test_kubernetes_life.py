"""What the kubernetes provider gives back, and what a change of an object comes to: an update or a replacement."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.providers.families.kubernetes.functions import decode
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.wire import UNKNOWN

from .conftest import Bench

CONFIG_MAP, DEPLOYMENT = "kubernetes:core/v1:ConfigMap", "kubernetes:apps/v1:Deployment"


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        (CONFIG_MAP, {"data": {"a": "1"}}, {"data": {"a": "2"}}, ["data"]),
        (DEPLOYMENT, {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, []),
        (
            DEPLOYMENT,
            {"spec": {"selector": {"matchLabels": {"a": "1"}}}},
            {"spec": {"selector": {"matchLabels": {"a": "2"}}}},
            ["spec"],
        ),
        (CONFIG_MAP, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, ["metadata"]),
        (CONFIG_MAP, {"metadata": {"labels": {"a": "b"}}}, {"metadata": {"labels": {"a": "c"}}}, []),
        (
            "kubernetes:apps/v1:StatefulSet",
            {"spec": {"volumeClaimTemplates": [{"a": 1}]}},
            {"spec": {"volumeClaimTemplates": [{"a": 2}]}},
            ["spec"],
        ),
        ("kubernetes:batch/v1:Job", {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}, ["spec"]),
        ("kubernetes:core/v1:Service", {"spec": {"clusterIP": "1"}}, {"spec": {"clusterIP": "2"}}, ["spec"]),
        ("kubernetes:helm.sh/v3:Release", {"values": {"a": 1}}, {"values": {"a": 2}}, []),
        ("kubernetes:helm.sh/v3:Release", {"namespace": "a"}, {"namespace": "b"}, ["namespace"]),
    ],
)
def test_what_replaces(
    kubernetes: Bench, token: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    response = kubernetes.diff(token, old, new)
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.replaces) == replaces


def test_mutable_config_maps_are_updated(kubernetes: Bench) -> None:
    kubernetes.provider.family.configure({"enableConfigMapMutable": "true"})
    assert list(kubernetes.diff(CONFIG_MAP, {"data": {"a": "1"}}, {"data": {"a": "2"}}).replaces) == []


def test_outputs_on_up_and_in_a_preview(kubernetes: Bench) -> None:
    service = {"metadata": {"name": "web", "namespace": "n"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
    identity, outputs = kubernetes.create("kubernetes:core/v1:Service", service)
    assert identity == "n/web"
    assert outputs["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("203.0.113.")
    assert outputs["spec"]["clusterIP"].startswith("198.18.")
    assert outputs["metadata"]["uid"]
    assert kubernetes.create("kubernetes:core/v1:Service", service) == (identity, outputs)
    assert kubernetes.create("kubernetes:core/v1:Service", service, preview=True)[1]["status"] is UNKNOWN
    release = {"chart": "c", "version": "1", "name": "r", "namespace": "n"}
    identity, outputs = kubernetes.create("kubernetes:helm.sh/v3:Release", release)
    assert identity == "n/r"
    assert outputs["status"]["status"] == "deployed"


def test_yaml_is_decoded(kubernetes: Bench) -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {kind: A}\n---\nkind: B\nwhen: 2020-01-01\n"
    assert decode(text) == [{"kind": "A"}, {"kind": "B", "when": "2020-01-01"}]
    assert kubernetes.invoke("kubernetes:yaml:decode", {"text": "kind: C"}) == {"result": [{"kind": "C"}]}
    with pytest.raises(ValueError, match="not YAML"):
        decode("a: [")
    assert kubernetes.invoke("kubernetes:helm:template", {"jsonOpts": "{}"}) == {}


def test_an_unknown_kubeconfig_does_not_keep_the_provider_from_checking(kubernetes: Bench) -> None:
    from ringfence.engine.providers.wire import to_plain, to_struct

    request = provider_pb2.CheckRequest(urn="u", news=to_struct({"kubeconfig": UNKNOWN, "namespace": UNKNOWN}))
    response = kubernetes.provider.check_config(request)
    assert to_plain(response.inputs) == {"kubeconfig": "unknown-in-plan", "namespace": UNKNOWN}
