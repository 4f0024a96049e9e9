"""A cluster's control plane as pods of a management cluster (k0smotron or Kamaji).

Owns: HostedControlPlane. Refuses to own: what its objects say (ringfence.planning.onprem), its machines (bare_metal.py)
and the management cluster itself (management.py). The Kubernetes provider is the management cluster's, inherited from
`opts`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.manifest import apply_manifests
from ringfence.planning.labels import Tags
from ringfence.planning.onprem.control_plane import control_plane_manifests
from ringfence.planning.onprem.hosted import hosted_cluster
from ringfence.spec.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class HostedControlPlaneArgs:
    """What a hosted control plane is made from."""

    cluster_name: str
    """Name in the platform file; also the namespace in the management cluster."""
    cluster: Cluster
    """Its control plane is of kind `hosted`."""
    tags: Tags
    registry: str | None = None
    """The management site's own mirror, host and path; None pulls from the public registries."""


class HostedControlPlane(pulumi.ComponentResource):
    """The API of a cluster, its etcd, and what keeps both alive and apart from the neighbours.

    Raises ringfence.planning.onprem.objects.PlanError for a cluster that cannot be hosted as the file says.
    """

    endpoint: pulumi.Output[str]
    """URL of the API."""
    namespace: pulumi.Output[str]
    """Where the cluster lives in the management cluster; the secrets of its machines' controllers belong there."""
    kubeconfig_secret: pulumi.Output[str]
    """Name of the Secret, in `namespace`, that holds an administrator's kubeconfig under `value`."""
    kubeconfig: pulumi.Output[str]
    """That kubeconfig, a secret; read once the control plane is initialised."""
    kubernetes_version: pulumi.Output[str]
    """What the API server runs, such as v1.34.8."""

    def __init__(self, name: str, args: HostedControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:HostedControlPlane", name, {}, opts)
        hosted = hosted_cluster(args.cluster_name, args.cluster, args.tags.kubernetes(), registry=args.registry)
        child = pulumi.ResourceOptions(parent=self)
        self._made = apply_manifests(name, control_plane_manifests(hosted), child)
        cluster = self._made[f"Cluster/{hosted.name}/{hosted.name}"]
        self.endpoint = pulumi.Output.from_input(f"https://{hosted.host}:{hosted.plane.port}")
        self.namespace = pulumi.Output.from_input(hosted.name)
        self.kubeconfig_secret = pulumi.Output.from_input(f"{hosted.name}-kubeconfig")
        self.kubeconfig = self._read_kubeconfig(name, cluster)
        self.kubernetes_version = pulumi.Output.from_input(hosted.release.kubernetes)
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "namespace": self.namespace,
                "kubeconfigSecret": self.kubeconfig_secret,
                "kubeconfig": self.kubeconfig,
                "kubernetesVersion": self.kubernetes_version,
            }
        )

    def _read_kubeconfig(self, name: str, cluster: pulumi.CustomResource) -> pulumi.Output[str]:
        """The Secret exists only once the Cluster does: its id, and so the read, waits for the Cluster's."""
        secret = kubernetes.core.v1.Secret.get(
            f"{name}-kubeconfig",
            cluster.id.apply(kubeconfig_id),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.secret(secret.data.apply(decoded_kubeconfig))


def kubeconfig_id(cluster_id: str) -> str:
    """The kubeconfig Secret's id for a Cluster's, both `namespace/name`."""
    return f"{cluster_id}-kubeconfig"


def decoded_kubeconfig(data: Mapping[str, Any] | None) -> str:
    """The kubeconfig in a Secret's data, empty where there is none yet."""
    return base64.b64decode((data or {}).get("value", "")).decode()
