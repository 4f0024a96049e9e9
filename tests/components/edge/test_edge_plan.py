"""Edge sites: the whole of a disconnected one, what a line changes, and that nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.planning.onprem.edge_bundle import bootstrap_of, site_manifests
from ringfence.planning.onprem.edge_models import model_manifests
from ringfence.planning.onprem.edge_telemetry import configuration
from ringfence.planning.onprem.k0sctl import k0sctl_yaml
from ringfence.planning.onprem.objects import Manifest
from tests.components.edge.examples import FLUX, LOGS, METRICS, MODEL, REGISTRY, arguments, cluster
from tests.support.kubernetes import problems, shared_definitions


def everything(reachability: str = "disconnected", nodes: int = 1) -> list[Manifest]:
    plan = arguments(reachability, nodes).plan()
    return [*site_manifests(plan), *model_manifests(plan, [MODEL])]


def named(kind: str, name: str, reachability: str = "disconnected", nodes: int = 1) -> Manifest:
    [found] = [
        item for item in everything(reachability, nodes) if (item["kind"], item["metadata"]["name"]) == (kind, name)
    ]
    return found


def strings(value: Any) -> Iterator[str]:
    """Every text in an object, those inside embedded files too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def images(value: Any) -> Iterator[str]:
    """Every container image in an object."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            else:
                yield from images(item)
    elif isinstance(value, list):
        for item in value:
            yield from images(item)


@shared_definitions
@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize("reachability", ["disconnected", "intermittent", "connected"])
def test_every_object_is_what_its_definition_takes(reachability: str, nodes: int) -> None:
    assert problems(everything(reachability, nodes)) == []


def test_the_whole_of_a_disconnected_site_is_there_and_no_more() -> None:
    keys = [
        "/".join(part for part in (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) if part)
        for item in everything()
    ]
    assert keys == [
        "Namespace/edge-system",
        "StorageClass/edge-local",
        "NetworkPolicy/edge-system/default-deny",
        "NetworkPolicy/edge-system/site",
        "PersistentVolume/edge-registry",
        "PersistentVolumeClaim/edge-system/registry",
        "ConfigMap/edge-system/registry",
        "Deployment/edge-system/registry",
        "ServiceAccount/edge-system/telemetry",
        "ClusterRole/edge-telemetry",
        "ClusterRoleBinding/edge-telemetry",
        "ConfigMap/edge-system/telemetry",
        "DaemonSet/edge-system/telemetry",
        "OCIRepository/flux-system/site",
        "Kustomization/flux-system/site",
        "PersistentVolume/models-clinic",
        "PersistentVolumeClaim/clinic/model-cache",
        "DaemonSet/edge-system/model-cache-box",
    ]


@pytest.mark.parametrize("reachability", ["disconnected", "intermittent"])
def test_every_image_comes_from_the_sites_own_registry(reachability: str) -> None:
    found = [image for item in everything(reachability) for image in images(item)]
    assert sorted(set(found)) == [
        "registry.mainz.example/oras-project/oras:v1.3.0",
        "registry.mainz.example/otel/opentelemetry-collector-contrib:0.158.0",
        "registry.mainz.example/pause:3.10",
        "registry.mainz.example/project-zot/zot:v2.1.18",
    ]


HOST = re.compile(r"(?:https?|oci)://([A-Za-z0-9.:-]+)")


def test_a_disconnected_site_names_no_host_but_its_registry_anywhere() -> None:
    plan = arguments().plan()
    bootstrap = k0sctl_yaml(bootstrap_of(plan, FLUX))
    texts = [*strings(everything()), bootstrap]
    hosts = {host for text in texts for host in HOST.findall(text)}
    assert hosts == {REGISTRY}


def test_the_walk_over_hosts_can_fail() -> None:
    hosts = {host for text in strings(everything("intermittent")) for host in HOST.findall(text)}
    assert hosts == {REGISTRY, "registry.fra.example", "metrics.fra.example", "logs.fra.example"}


def test_a_disconnected_registry_asks_nobody_for_what_it_lacks() -> None:
    config = json.loads(named("ConfigMap", "registry")["data"]["config.json"])
    assert config == {
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": "/var/lib/registry", "dedupe": True, "gc": True, "gcDelay": "24h"},
        "http": {
            "address": "0.0.0.0",
            "port": "5000",
            "tls": {"cert": "/tls/tls.crt", "key": "/tls/tls.key"},
            "auth": {"htpasswd": {"path": "/users/htpasswd"}},
            "accessControl": {
                "repositories": {"**": {"anonymousPolicy": ["read"], "defaultPolicy": []}},
                "adminPolicy": {"users": ["carry-in"], "actions": ["read", "create", "update", "delete"]},
            },
        },
        "log": {"level": "info"},
    }


def test_a_registry_with_a_line_asks_its_parent_and_only_when_asked() -> None:
    config = json.loads(named("ConfigMap", "registry", "intermittent")["data"]["config.json"])
    assert config["extensions"] == {
        "sync": {
            "enable": True,
            "registries": [
                {
                    "urls": ["https://registry.fra.example"],
                    "onDemand": True,
                    "tlsVerify": True,
                    "maxRetries": 3,
                    "retryDelay": "1m",
                }
            ],
        }
    }


def test_the_registrys_pod_is_written_in_full() -> None:
    found = named("Deployment", "registry")
    annotation = found["spec"]["template"]["metadata"].pop("annotations")
    assert set(annotation) == {"ringfence.dev/config"}
    expected = (Path(__file__).parent / "expected" / "registry.yaml").read_text(encoding="utf-8")
    assert found["spec"] == yaml.safe_load(expected)


def test_telemetry_with_a_line_waits_on_disk_and_goes_to_the_parent_only() -> None:
    config = configuration(arguments("intermittent").plan())
    assert set(config["exporters"]) == {"otlphttp/metrics", "otlphttp/logs"}
    assert config["exporters"]["otlphttp/logs"] == {
        "logs_endpoint": LOGS,
        "auth": {"authenticator": "bearertokenauth"},
        "compression": "gzip",
        "timeout": "30s",
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "5s",
            "max_interval": "5m",
            "max_elapsed_time": "0s",
        },
        "sending_queue": {
            "enabled": True,
            "storage": "file_storage/queue",
            "sizer": "bytes",
            "queue_size": 10 * 2**30,
            "block_on_overflow": True,
            "num_consumers": 2,
            "batch": {"sizer": "bytes", "min_size": 256_000, "max_size": 3_000_000, "flush_timeout": "10s"},
        },
    }
    metrics = config["exporters"]["otlphttp/metrics"]
    assert metrics["metrics_endpoint"] == METRICS
    assert metrics["sending_queue"]["block_on_overflow"] is False
    assert "file_storage/queue" in config["service"]["extensions"]


def test_trap_a_batch_processor_would_lose_what_it_holds_over_a_restart() -> None:
    config = configuration(arguments("intermittent").plan())
    assert "batch" not in config["processors"]
    assert all(
        pipeline["processors"] == ["memory_limiter", "resource"] for pipeline in config["service"]["pipelines"].values()
    )


def test_telemetry_without_a_line_stays_in_a_bounded_outbox() -> None:
    config = configuration(arguments().plan())
    assert set(config["exporters"]) == {"file/metrics", "file/logs"}
    for exporter in config["exporters"].values():
        rotation = exporter["rotation"]
        assert (rotation["max_backups"] + 1) * rotation["max_megabytes"] * 10**6 <= 10 * 2**30
    assert "bearertokenauth" not in config["extensions"]


@pytest.mark.parametrize("reachability", ["disconnected", "intermittent"])
def test_the_collectors_file_refers_to_what_it_declares(reachability: str) -> None:
    config = yaml.safe_load(named("ConfigMap", "telemetry", reachability)["data"]["config.yaml"])
    service = config["service"]
    assert set(service["extensions"]) == set(config["extensions"])
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in service["pipelines"].values():
        for part, names in used.items():
            names |= set(pipeline[part])
    assert {part: set(config[part]) for part in used} == used


def test_pull_delivery_is_signed_and_comes_from_the_sites_own_registry() -> None:
    assert named("OCIRepository", "site")["spec"] == {
        "interval": "10m",
        "url": "oci://registry.mainz.example/sites/clinic-mainz",
        "ref": {"tag": "current"},
        "verify": {"provider": "cosign", "secretRef": {"name": "site-signature"}},
    }
    spec = named("Kustomization", "site")["spec"]
    assert (spec["sourceRef"], spec["prune"], spec["wait"]) == (
        {"kind": "OCIRepository", "name": "site"},
        True,
        True,
    )


def test_push_delivery_pulls_nothing() -> None:
    plan = arguments("intermittent", cluster=cluster(delivery="push")).plan()
    assert not [item for item in site_manifests(plan) if item["metadata"].get("namespace") == "flux-system"]


def test_nothing_may_leave_a_disconnected_site_and_only_https_may_leave_another() -> None:
    inside = [{"ipBlock": {"cidr": cidr}} for cidr in ("10.49.0.0/16", "10.50.0.0/20", "10.48.0.0/24")]
    lookups = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    assert named("NetworkPolicy", "site")["spec"]["egress"] == [lookups, {"to": inside}]
    assert named("NetworkPolicy", "site", "intermittent")["spec"]["egress"] == [
        lookups,
        {"to": inside},
        {"ports": [{"protocol": "TCP", "port": 443}]},
    ]


def test_all_of_it_together_is_small_enough_for_a_small_box() -> None:
    requests = [
        container["resources"]["requests"]
        for item in everything()
        for container in item.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ())
    ]
    assert sum(int(one["cpu"].removesuffix("m")) for one in requests) <= 200
    assert sum(int(one["memory"].removesuffix("Mi")) for one in requests) <= 512
