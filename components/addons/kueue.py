"""Kueue: queues and quotas.

Owns: the manager's configuration, which the chart takes as one string that Helm does not merge. Refuses to own: queues,
cohorts and flavors (components/tenancy).
Facts: kubernetes-sigs/kueue v0.19.2, charts/kueue/values.yaml and apis/config/v1beta2.
"""

from __future__ import annotations

from typing import Any

import yaml

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.labels import KUBERNETES_PREFIX, TENANT

ALWAYS = ("batch/job", "pod", "deployment", "statefulset")
"""Kinds that every cluster has."""

WITH_ADD_ON = {
    "jobset": ("jobset.x-k8s.io/jobset",),
    "kubeflow-trainer": ("trainer.kubeflow.org/trainjob",),
    "kuberay-operator": ("ray.io/rayjob", "ray.io/raycluster"),
    "lws": ("leaderworkerset.x-k8s.io/leaderworkerset",),
}
"""Add-on to the kinds that it brings and Kueue can hold back."""


AT_A_TIME = {
    "Job.batch": 5,
    "Pod": 5,
    "Workload.kueue.x-k8s.io": 10,
    "LocalQueue.kueue.x-k8s.io": 5,
    "ClusterQueue.kueue.x-k8s.io": 5,
}
"""How many of a kind are looked at at a time, as the chart has it. One, the manager's own default, makes each job of a
burst wait for all before it: half a minute at eight a second (ringfence.simulation, on two cores)."""


def values(context: AddOnContext) -> dict[str, Any]:
    """Replicas for the site, and the whole configuration."""
    manager = {"replicas": context.replicas, "podDisruptionBudget": {"enabled": context.replicas > 1}}
    return {
        "controllerManager": manager,
        "managerConfig": {"controllerManagerConfigYaml": yaml.safe_dump(configuration(context), sort_keys=False)},
    }


def configuration(context: AddOnContext) -> dict[str, Any]:
    """The manager's configuration, complete: what it leaves out is not filled in from the chart."""
    brought = [kind for add_on, kinds in WITH_ADD_ON.items() if add_on in context.add_ons for kind in kinds]
    return {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443", "enableClusterQueueResources": True},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        # cert-manager makes the certificates (enableCertManager).
        "internalCertManagement": {"enable": False},
        "controller": {"groupKindConcurrency": dict(AT_A_TIME)},
        "clientConnection": {"qps": 300, "burst": 500},
        # Work in a tenant's namespace that names no queue waits too: else it would take what others were guaranteed.
        "manageJobsWithoutQueueName": True,
        "managedJobsNamespaceSelector": {
            "matchExpressions": [{"key": f"{KUBERNETES_PREFIX}{TENANT}", "operator": "Exists"}]
        },
        # On by default since 0.19; said here because images of tens of gigabytes take their time at a far site.
        "waitForPodsReady": {"timeout": "30m", "blockAdmission": False},
        "fairSharing": {"preemptionStrategies": ["LessThanOrEqualToFinalShare", "LessThanInitialShare"]},
        # Every container has ephemeral storage from its namespace's LimitRange, and no queue counts it: a workload that
        # asks for what its queue does not cover is never admitted.
        "resources": {"excludeResourcePrefixes": ["ephemeral-storage"]},
        "integrations": {"frameworks": [*ALWAYS, *brought]},
    }
