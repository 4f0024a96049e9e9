"""A real control plane for tests, with what the stack itself puts on a cluster, on nodes of the machines it declares.

    pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]

    def test_something(serve_fra: Cluster) -> None:
        finance = serve_fra.acting_as("somebody", "finance-ai")
        with pytest.raises(Refused, match="ringfence-quota"):
            finance.create(pod("greedy", "finance", gpus=1000))

`serve_fra` is a session's one control plane: cluster serve-fra of the prod stack, rendered from the engine's preview,
with Kueue as the stack configures it. A test takes away what it made (`serve_fra.clear()` between tests does). The
programs are built on first use, with progress on the terminal; without them and without Go the tests are skipped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.checking import check_file
from ringfence.controlplane import Client, ControlPlane, definitions, parts, plane
from ringfence.controlplane.applying import Applied, apply_all, define, in_force
from ringfence.controlplane.stages import RUNS_FOR
from ringfence.engine import golang
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError
from ringfence.planning.nodes import cluster_nodes
from ringfence.rendering import RenderedCluster, render
from ringfence.spec.platform import Platform
from tests.support.engine import EngineRunner
from tests.support.kinds import OUT_OF_REACH, open_kind
from tests.support.stacks import previewed, stack_file

Manifest = dict[str, Any]

KUEUE = "kueue.x-k8s.io/v1beta2"
QUEUE = "kueue.x-k8s.io/queue-name"
PRIORITY = "kueue.x-k8s.io/priority-class"

ALSO = ("BackupStorageLocation", "Prometheus", "PrometheusAgent", "HelmRelease")
"""Kinds that charts make rather than the stack, and that residency holds too."""


def say(message: str) -> None:
    """Progress past pytest's capture: a build takes minutes."""
    print(f"controlplane: {message}", file=sys.__stderr__, flush=True)


@pytest.fixture(scope="session")
def places() -> Places:
    """Where built programs are, or a skip that says what is missing."""
    found = Places.from_environment()
    if parts.missing(found) and not golang.available():
        pytest.skip(f"Kubernetes is not built ({', '.join(parts.missing(found))}) and there is no Go to build it with")
    return found


@pytest.fixture(scope="session")
def rendered(engine: EngineRunner) -> dict[str, RenderedCluster]:
    """What the prod stack puts on each of its clusters."""
    result = previewed(engine, "prod")
    assert result.exit_code == 0, result.diagnostics[-3000:]
    return render(result.resources.values())


@dataclass(frozen=True)
class Cluster:
    """One cluster of a stack on a control plane."""

    name: str
    platform: Platform
    rendered: RenderedCluster
    plane: ControlPlane
    applied: list[Applied]

    @property
    def client(self) -> Client:
        """Everything is allowed to this one."""
        return self.plane.client

    def acting_as(self, user: str, *groups: str) -> Client:
        """A client of somebody who is in these groups."""
        return self.client.acting_as(user, *groups)

    def namespaces(self, tenant: str) -> list[str]:
        """The namespaces of a tenant."""
        return [
            each["metadata"]["name"]
            for each in self.rendered.manifests
            if each["kind"] == "Namespace" and each["metadata"]["labels"].get("ringfence.dev/tenant") == tenant
        ]

    @property
    def tenants(self) -> list[str]:
        """The tenants of this cluster."""
        return [name for name, tenant in self.platform.tenants.items() if self.name in tenant.clusters]

    def manifest(self, kind: str, name: str, namespace: str | None = None) -> Manifest:
        """One of the stack's own manifests."""
        [found] = [
            each
            for each in self.rendered.manifests
            if each["kind"] == kind
            and each["metadata"]["name"] == name
            and each["metadata"].get("namespace") == namespace
        ]
        return found

    def clear(self) -> None:
        """Take away all work in tenants' namespaces, and wait until it is gone and no quota counts it any more."""
        owned = [name for tenant in self.tenants for name in self.namespaces(tenant)]
        for api_version, kind in (("batch/v1", "Job"), ("v1", "Pod"), ("v1", "PersistentVolumeClaim")):
            for each in self.client.items(api_version, kind):
                if each["metadata"]["namespace"] in owned:
                    self.client.discard({"apiVersion": api_version, "kind": kind, **each})

        def gone() -> bool:
            pods = [each for each in self.client.items("v1", "Pod") if each["metadata"]["namespace"] in owned]
            return not pods and not self.client.items(KUEUE, "Workload") and not self._counted(owned)

        self.client.wait(gone, "what the test made is gone")

    def _counted(self, namespaces: Iterable[str]) -> list[str]:
        """What quotas of these namespaces still count of work: they learn of what is gone a moment later."""
        return [
            f"{quota['metadata']['namespace']}: {name}"
            for quota in self.client.items("v1", "ResourceQuota")
            if quota["metadata"]["namespace"] in namespaces
            for name, used in quota["status"].get("used", {}).items()
            if name.partition(".")[0] in ("pods", "requests", "limits", "persistentvolumeclaims") and used != "0"
        ]

    def running(self, tenant: str) -> list[Manifest]:
        """Pods of a tenant that run on a node."""
        return [
            pod
            for name in self.namespaces(tenant)
            for pod in self.client.items("v1", "Pod", name)
            if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]

    def gpus(self, tenant: str, resource: str = "nvidia.com/gpu") -> int:
        """Devices that a tenant's running pods hold."""
        return sum(
            int(container["resources"].get("requests", {}).get(resource, 0))
            for pod in self.running(tenant)
            for container in pod["spec"]["containers"]
        )

    def workloads(self, tenant: str) -> list[Manifest]:
        """Kueue's workloads of a tenant."""
        return [each for name in self.namespaces(tenant) for each in self.client.items(KUEUE, "Workload", name)]

    def settled(self, ready: Callable[[], Any], what: str, seconds: float = 120, still: float = 2.0) -> float:
        """Wait until `ready` holds and goes on holding; the seconds that it took to begin to."""
        return settled(self.plane, ready, what, seconds, still)


def settled(on: ControlPlane, ready: Callable[[], Any], what: str, seconds: float = 120, still: float = 2.0) -> float:
    """Wait until `ready` holds on a control plane and goes on holding; the seconds that it took to begin to."""
    begun, since = time.monotonic(), None
    while time.monotonic() - begun < seconds:
        if not ready():
            since = None
        elif since is None:
            since = time.monotonic()
        elif time.monotonic() - since >= still:
            return since - begun
        time.sleep(0.2)
    raise RingfenceError(f"{what}: not within {seconds:.0f} s; Kueue says:\n{on.tail('kueue', 5)}")


@contextmanager
def standing(
    places: Places,
    name: str,
    platform: Platform,
    rendered: RenderedCluster,
    kinds: Iterable[Manifest] = (),
    kept: Path | None = None,
) -> Generator[Cluster]:
    """A control plane with Kueue, the cluster's nodes, and everything of the stack's manifests that it serves."""
    with plane.start(places, say, (*plane.WHOLE, "kueue"), kept) as made:
        made.add_kueue(kueue_configuration(rendered))
        define(made.client, kinds)
        for node in cluster_nodes(platform, name):
            made.client.apply(node)
            made.client.patch(node, {"status": node["status"]}, part="status")
        for each in rendered.namespaces:
            made.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}})
        applied = apply_all(made.client, rendered.manifests)
        in_force(made.client)
        yield Cluster(name, platform, rendered, made, applied)


def kueue_configuration(rendered: RenderedCluster) -> Manifest:
    """The manager's configuration that the stack gives to Kueue's chart."""
    for release in rendered.releases:
        if release["name"] == "kueue":
            return yaml.safe_load(release["values"]["managerConfig"]["controllerManagerConfigYaml"])
    raise AssertionError(f"{rendered.name} has no release of Kueue")


@pytest.fixture(scope="session")
def prod() -> Platform:
    """What the prod stack's file declares."""
    platform = check_file(stack_file("prod")).platform
    assert platform is not None
    return platform


@pytest.fixture(scope="session")
def whole_serve_fra(places: Places, prod: Platform, rendered: dict[str, RenderedCluster]) -> Generator[Cluster]:
    """Cluster serve-fra of the prod stack: 50 devices that four tenants share."""
    known = definitions.from_modules(places, say, set(definitions.FOLDERS) - {"sigs.k8s.io/kueue"})
    kinds = [definitions.storage_only(each) for each in definitions.needed(known, rendered["serve-fra"].manifests)]
    kinds += [definitions.storage_only(each) for each in known if each["spec"]["names"]["kind"] in ALSO]
    kinds += [open_kind(*each) for each in OUT_OF_REACH]
    with standing(places, "serve-fra", prod, rendered["serve-fra"], kinds) as cluster:
        yield cluster


@pytest.fixture
def serve_fra(whole_serve_fra: Cluster) -> Generator[Cluster]:
    """The session's cluster, with nothing of another test on it."""
    whole_serve_fra.plane.processes.check()
    yield whole_serve_fra
    whole_serve_fra.clear()


SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def pod_spec(gpus: int = 0, resource: str = "nvidia.com/gpu", cpu: str = "1", memory: str = "4Gi") -> Manifest:
    """A pod that the restricted standard takes."""
    size = {"cpu": cpu, "memory": memory, **({resource: str(gpus)} if gpus else {})}
    limits = {name: amount for name, amount in size.items() if name != "cpu"}
    container = {
        "name": "main",
        "image": "registry.example/work:1",
        "resources": {"requests": size, "limits": limits},
        "securityContext": SECURITY,
    }
    return {"restartPolicy": "Never", "securityContext": POD_SECURITY, "containers": [container]}


def pod(name: str, namespace: str, queue: str | None = None, **size: Any) -> Manifest:
    """A pod of a tenant."""
    labels = {QUEUE: queue} if queue else {}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(**size)}


def job(
    name: str,
    namespace: str,
    queue: str,
    *,
    pods: int = 1,
    runs_for: str | None = None,
    priority: str | None = None,
    **size: Any,
) -> Manifest:
    """A job of a tenant that waits in a queue. It runs until it is deleted, or as long as `runs_for` says."""
    labels = {QUEUE: queue, **({PRIORITY: priority} if priority else {})}
    annotations = {RUNS_FOR: runs_for} if runs_for else {}
    template = {"metadata": {"annotations": annotations}, "spec": pod_spec(**size)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"parallelism": pods, "completions": pods, "backoffLimit": 100, "template": template},
    }
