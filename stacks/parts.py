"""What the parts of a stack share while it is being built: the platform, the clusters so far, and how to reach them.

Owns: the small records that topology files pass to each other, and the kubernetes provider of each cluster. Refuses to
own: creating anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as kubernetes

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlan
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import Site
from stacks.settings import Settings

RENDERED = "rendered"
"""Folder where a pull cluster's manifests are written, one folder for each stack and cluster."""


@dataclass(frozen=True, kw_only=True)
class ClusterPart:
    """One cluster of the stack, with everything plain that was planned for it."""

    name: str
    spec: Cluster
    site_name: str
    site: Site
    tags: Tags
    context: AddOnContext
    plan: AddOnPlan


@dataclass(frozen=True, kw_only=True)
class BuiltCluster:
    """A cluster that things can be put on."""

    part: ClusterPart
    provider: kubernetes.Provider
    endpoint: pulumi.Output[str]
    component: pulumi.ComponentResource | None = None
    """What created it; None for a cluster that was there before Pulumi."""


@dataclass(kw_only=True)
class Built:
    """The stack so far."""

    settings: Settings
    clusters: dict[str, BuiltCluster] = field(default_factory=dict)
    datasets: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Dataset to the URI where it rests."""
    hosts: dict[str, pulumi.ComponentResource] = field(default_factory=dict)
    """Management cluster to what makes it able to host others."""
    bootstrap: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Cluster that embeds its control plane to the k0sctl configuration that brings it up."""
    gateways: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Cluster to the address of its model gateway."""


def cluster_provider(
    settings: Settings,
    part: ClusterPart,
    kubeconfig: pulumi.Input[str] | None = None,
    parent: pulumi.Resource | None = None,
) -> kubernetes.Provider:
    """The provider that acts on one cluster.

    A pull cluster's provider never connects: it writes manifests to RENDERED for the site to reconcile. Without a
    kubeconfig of its own a cluster is reached by the context of its name in the ambient kubeconfig.
    """
    identity = f"{part.tags.platform}-{part.name}"
    opts = pulumi.ResourceOptions(parent=parent)
    if part.spec.delivery == "pull":
        folder = f"{RENDERED}/{settings.stack}/{part.name}"
        return kubernetes.Provider(part.name, cluster_identifier=identity, render_yaml_to_directory=folder, opts=opts)
    given = kubeconfig or settings.kubeconfigs.get(part.name)
    if given is not None:
        return kubernetes.Provider(part.name, cluster_identifier=identity, kubeconfig=given, opts=opts)
    return kubernetes.Provider(part.name, cluster_identifier=identity, context=part.name, opts=opts)
