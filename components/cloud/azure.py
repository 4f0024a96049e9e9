"""A training cluster in Azure: a private AKS cluster in a fenced virtual network, and GPU agent pools.

Owns: the order in which the parts come and what they share (one resource group, one key, one workspace). Refuses to
own: datasets (azure_storage.py), what is installed in Kubernetes (components/addons) and who may use it
(components/tenancy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_cluster import AzureControlPlane, AzureControlPlaneArgs
from components.cloud.azure_files import AzureFileSystem, AzureFileSystemArgs
from components.cloud.azure_keys import AzureKey, AzureKeyArgs, grant
from components.cloud.azure_logs import AzureLogs, AzureLogsArgs
from components.cloud.azure_network import AzureNetwork, AzureNetworkArgs, AzurePrivateAccess, private_endpoint
from components.cloud.azure_nodes import AzureNodePool, AzureNodePoolArgs
from components.cloud.azure_registry import AzureRegistry, AzureRegistryArgs
from components.cloud.sdk import planned
from ringfence.planning.cloud.azure import (
    AUDIT_CATEGORIES,
    AUDIT_TABLES,
    AzureAgentPool,
    AzureNetworkPlan,
    plan_agent_pools,
    plan_network,
)
from ringfence.planning.cloud.control_plane import public_cidrs
from ringfence.planning.cloud.names import physical
from ringfence.planning.cloud.principals import native_groups
from ringfence.planning.cloud.zones import zones_of
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import CloudSite

_USER = "Azure Kubernetes Service Cluster User Role"
_ROLES = {
    "operators": (_USER, "Azure Kubernetes Service RBAC Cluster Admin"),
    "auditors": (_USER, "Azure Kubernetes Service RBAC Reader"),
    "tenants": (_USER,),
}


@dataclass(frozen=True, kw_only=True)
class AzureTrainingClusterArgs:
    """What a training cluster in Azure needs to know. All of it is plain: it decides residency, capacity and cost."""

    site: CloudSite
    cluster: Cluster
    tags: Tags
    audit_retention_days: int
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Pool to the labels that add-ons expect on its nodes (ringfence.planning.addons.node_labels)."""
    groups: tuple[str, ...] = ()
    """Tenants' groups: they may fetch a kubeconfig; the tenancy's RBAC, by object id, says what they may do."""
    principals: Mapping[str, str] = field(default_factory=dict)
    """Group to the object id of an Entra group, where the group's own name is not one."""


class AzureTrainingCluster(pulumi.ComponentResource):
    """An AKS cluster with its resource group, network, key, logs, nodes, scratch and registry."""

    cluster_name: pulumi.Output[str]
    """Name in AKS."""
    endpoint: pulumi.Output[str]
    """https:// and the private name, or the public one where the platform says so."""
    kubeconfig: pulumi.Output[str]
    """Secret. It asks `kubelogin` for a token; it holds none."""
    oidc_issuer: pulumi.Output[str]
    """URL of the issuer of service accounts' tokens."""
    resource_group: pulumi.Output[str]
    """Name of the group that everything of the cluster is in."""
    network_id: pulumi.Output[str]
    """The virtual network."""
    private_access: AzurePrivateAccess
    """For dataset stores that the cluster's pods are to reach."""
    key_id: pulumi.Output[str]
    """Key of secrets, disks, images and scratch, without a version."""
    registry_url: pulumi.Output[str]
    """Host under which the repositories are."""
    audit_log: pulumi.Output[str]
    """Log Analytics workspace in the region."""
    node_pools: dict[str, pulumi.Output[str]]
    """Pool to agent pool."""
    file_systems: dict[str, pulumi.Output[str]]
    """Storage tier (scratch) to Managed Lustre id."""

    def __init__(self, name: str, args: AzureTrainingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureTrainingCluster", name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        where, access = f"clusters.{name}", args.cluster.access
        plan = planned(where, lambda: plan_network(args.cluster.network))
        rows = planned(where, lambda: plan_agent_pools(args.site, args.cluster, args.node_labels))
        open_to = planned(where, lambda: public_cidrs(args.cluster.control_plane))
        everybody = (*access.operators, *access.auditors, *args.groups)
        known = native_groups("azure", everybody, args.principals)
        self._groups = known.known
        if known.unknown:
            pulumi.log.warn(known.warning, resource=self)
        group = azure.resources.ResourceGroup(
            name,
            resource_group_name=physical(args.tags.platform, name, 90),
            location=args.site.region,
            tags=args.tags.azure(),
            opts=self._child,
        )
        self.resource_group = group.name
        network = AzureNetworkArgs(site=args.site, plan=plan, tags=args.tags, resource_group=group.name)
        self._network = AzureNetwork(name, network, self._child)
        self.network_id, self.private_access = self._network.network_id, self._network.private_access
        key = AzureKeyArgs(site=args.site, tags=args.tags, resource_group=group.name)
        self._key = AzureKey(name, key, self._child)
        self.key_id = self._key.key_uri
        vault = private_endpoint(
            f"{name}-vault", "vault", self._key.vault_id, self.private_access, args.site, args.tags, self
        )
        registry = AzureRegistryArgs(
            site=args.site, tags=args.tags, resource_group=group.name, key=self._key, access=self.private_access
        )
        self._registry = AzureRegistry(f"{name}-registry", registry, self._child)
        self.registry_url = self._registry.url
        after = pulumi.ResourceOptions(parent=self, depends_on=[vault, *self._registry.ready])
        self._cluster = AzureControlPlane(name, self._control_plane(plan, rows[0], open_to), after)
        self.cluster_name, self.endpoint = self._cluster.cluster_name, self._cluster.endpoint
        self.kubeconfig, self.oidc_issuer = self._cluster.kubeconfig, self._cluster.oidc_issuer
        self.audit_log = self._audit()
        self._people()
        self.node_pools = self._nodes(rows)
        self.file_systems = self._scratch()
        self.register_outputs(self._outputs())

    def _outputs(self) -> dict[str, object]:
        return {
            "clusterName": self.cluster_name,
            "endpoint": self.endpoint,
            "kubeconfig": self.kubeconfig,
            "oidcIssuer": self.oidc_issuer,
            "resourceGroup": self.resource_group,
            "networkId": self.network_id,
            "keyId": self.key_id,
            "registryUrl": self.registry_url,
            "auditLog": self.audit_log,
            "nodePools": self.node_pools,
            "fileSystems": self.file_systems,
        }

    def _control_plane(
        self, plan: AzureNetworkPlan, system_pool: AzureAgentPool, open_to: tuple[str, ...] | None
    ) -> AzureControlPlaneArgs:
        args = self._args
        return AzureControlPlaneArgs(
            site=args.site,
            cluster=args.cluster,
            tags=args.tags,
            plan=plan,
            system_pool=system_pool,
            open_to=open_to,
            admin_group_ids=[self._groups[each] for each in args.cluster.access.operators if each in self._groups],
            resource_group=self.resource_group,
            node_subnet_id=self._network.node_subnet_id,
            api_server_subnet_id=self._network.api_server_subnet_id,
            key=self._key,
            registry_id=self._registry.registry_id,
        )

    def _audit(self) -> pulumi.Output[str]:
        args = self._args
        logs = AzureLogs(
            f"{self._name}-logs",
            AzureLogsArgs(
                site=args.site,
                tags=args.tags,
                resource_group=self.resource_group,
                retention_days=args.audit_retention_days,
                tables=AUDIT_TABLES,
            ),
            self._child,
        )
        logs.receive(f"{self._name}-audit", self._cluster.cluster_id, AUDIT_CATEGORIES)
        return logs.workspace_id

    def _people(self) -> None:
        access = self._args.cluster.access
        for kind, groups in (
            ("operators", access.operators),
            ("auditors", access.auditors),
            ("tenants", self._args.groups),
        ):
            for group in (group for group in groups if group in self._groups):
                for role in _ROLES[kind]:
                    short = role.removeprefix("Azure Kubernetes Service ").lower().replace(" ", "-")
                    grant(
                        f"{self._name}-{kind}-{group}-{short}",
                        self._args.site,
                        role,
                        self._cluster.cluster_id,
                        self._groups[group],
                        self,
                        principal_type="Group",
                    )

    def _nodes(self, rows: tuple[AzureAgentPool, ...]) -> dict[str, pulumi.Output[str]]:
        args, system = self._args, rows[0]
        pools = {system.name: pulumi.Output.from_input(system.agent_pool_name)}
        for row in rows[1:]:
            pool = AzureNodePoolArgs(
                row=row,
                site=args.site,
                resource_group=self.resource_group,
                cluster_name=self.cluster_name,
                kubernetes_version=args.cluster.kubernetes_version,
                subnet_id=self._network.node_subnet_id,
                tags=args.tags,
            )
            pools[row.name] = AzureNodePool(f"{self._name}-{row.name}", pool, self._child).agent_pool_name
        return pools

    def _scratch(self) -> dict[str, pulumi.Output[str]]:
        args = self._args
        zone = next(iter(zones_of(args.site)), None)
        return {
            tier_name: AzureFileSystem(
                f"{self._name}-{tier_name}",
                AzureFileSystemArgs(
                    tier=tier,
                    site=args.site,
                    zone=zone,
                    tags=args.tags,
                    resource_group=self.resource_group,
                    subnet_id=self._network.lustre_subnet_id,
                    key=self._key,
                ),
                self._child,
            ).file_system_id
            for tier_name, tier in args.cluster.storage.items()
            if tier.kind == "scratch"
        }
