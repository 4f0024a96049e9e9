"""The control plane of an AKS cluster, with the identities that it and its nodes have.

Owns: the managed cluster and its system pool. Refuses to own: the network, key and registry that it is given, and the
other pools.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_keys import AzureKey, grant
from components.cloud.azure_nodes import profile
from ringfence.planning.cloud.azure import AzureAgentPool, AzureNetworkPlan
from ringfence.planning.cloud.kubeconfig import aks_kubeconfig_from
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AzureControlPlaneArgs:
    """What a control plane needs to know."""

    site: CloudSite
    cluster: Cluster
    tags: Tags
    plan: AzureNetworkPlan
    system_pool: AzureAgentPool
    open_to: tuple[str, ...] | None
    """Who may reach a public API; None where it is private."""
    admin_group_ids: list[str]
    resource_group: pulumi.Input[str]
    node_subnet_id: pulumi.Input[str]
    api_server_subnet_id: pulumi.Input[str]
    key: AzureKey
    registry_id: pulumi.Input[str]


class AzureControlPlane(pulumi.ComponentResource):
    """A managed cluster without local accounts, whose secrets and disks the platform's key encrypts."""

    cluster_id: pulumi.Output[str]
    """Id of the managed cluster."""
    cluster_name: pulumi.Output[str]
    """Name in AKS."""
    endpoint: pulumi.Output[str]
    """https:// and the API's name."""
    kubeconfig: pulumi.Output[str]
    """Secret. It asks `kubelogin` for a token; it holds none."""
    oidc_issuer: pulumi.Output[str]
    """URL of the issuer of service accounts' tokens."""

    def __init__(self, name: str, args: AzureControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureControlPlane", name, {}, opts)
        self._name, self._args = name, args
        self._disks = self._disk_encryption()
        control, nodes = self._identity("control-plane"), self._identity("nodes")
        granted = self._grants(control, nodes)
        cluster = self._cluster(control, nodes, granted)
        self.cluster_id, self.cluster_name = cluster.id, cluster.name
        self.endpoint = pulumi.Output.concat("https://", cluster.fqdn if args.open_to else cluster.private_fqdn, ":443")
        self.oidc_issuer = cluster.oidc_issuer_profile.issuer_url
        found = azure.containerservice.list_managed_cluster_user_credentials_output(
            resource_group_name=args.resource_group,
            resource_name=cluster.name,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(cluster.name, found.kubeconfigs[0].value).apply(
                lambda at: aks_kubeconfig_from(at[0], at[1])
            )
        )
        self.register_outputs(
            {
                "clusterId": self.cluster_id,
                "clusterName": self.cluster_name,
                "endpoint": self.endpoint,
                "kubeconfig": self.kubeconfig,
                "oidcIssuer": self.oidc_issuer,
            }
        )

    def _identity(self, use: str) -> azure.managedidentity.UserAssignedIdentity:
        return azure.managedidentity.UserAssignedIdentity(
            f"{self._name}-{use}",
            resource_group_name=self._args.resource_group,
            location=self._args.site.region,
            tags=self._args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _disk_encryption(self) -> pulumi.Output[str]:
        args = self._args
        encryption = azure.compute.DiskEncryptionSet(
            self._name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            encryption_type="EncryptionAtRestWithPlatformAndCustomerKeys",
            active_key={"key_url": args.key.key_uri_with_version, "source_vault": {"id": args.key.vault_id}},
            rotation_to_latest_key_version_enabled=True,
            identity={
                "type": azure.compute.DiskEncryptionSetIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.key.identity_id],
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.key]),
        )
        return encryption.id

    def _grants(
        self,
        control: azure.managedidentity.UserAssignedIdentity,
        nodes: azure.managedidentity.UserAssignedIdentity,
    ) -> list[pulumi.Resource]:
        """What the cluster may do with what it is given; it cannot start before."""
        args, name = self._args, self._name
        rows: list[tuple[str, str, pulumi.Input[str], pulumi.Input[str]]] = [
            ("control-plane-nodes", "Network Contributor", args.node_subnet_id, control.principal_id),
            ("control-plane-api", "Network Contributor", args.api_server_subnet_id, control.principal_id),
            ("control-plane-key", "Key Vault Crypto User", args.key.vault_id, control.principal_id),
            ("control-plane-vault", "Key Vault Contributor", args.key.vault_id, control.principal_id),
            ("control-plane-identity", "Managed Identity Operator", nodes.id, control.principal_id),
            ("nodes-images", "AcrPull", args.registry_id, nodes.principal_id),
        ]
        reservations = {
            pool.capacity.reservation for pool in args.cluster.pools.values() if pool.capacity.kind == "reserved"
        }
        for reservation in sorted(reservations):
            short = reservation.rpartition("/")[2]
            rows.append((f"control-plane-{short}", "Contributor", reservation, control.principal_id))
        return [grant(f"{name}-{short}", args.site, role, scope, who, self) for short, role, scope, who in rows]

    def _cluster(
        self,
        control: azure.managedidentity.UserAssignedIdentity,
        nodes: azure.managedidentity.UserAssignedIdentity,
        granted: list[pulumi.Resource],
    ) -> azure.containerservice.ManagedCluster:
        args, name = self._args, self._name
        return azure.containerservice.ManagedCluster(
            name,
            resource_name_=physical(args.tags.platform, name, 63),
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": "Base", "tier": "Standard"},
            kubernetes_version=args.cluster.kubernetes_version,
            dns_prefix=physical(args.tags.platform, name, 54),
            node_resource_group=physical(args.tags.platform, f"{name}-nodes", 80),
            agent_pool_profiles=[profile(args.system_pool, args.node_subnet_id, args.tags)],
            identity={
                "type": azure.containerservice.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [control.id],
            },
            identity_profile={
                "kubeletidentity": {
                    "client_id": nodes.client_id,
                    "object_id": nodes.principal_id,
                    "resource_id": nodes.id,
                }
            },
            api_server_access_profile=self._api_server(),
            network_profile=self._network(),
            # Nodes start from the cluster's own registry instead of Microsoft's public one.
            bootstrap_profile={"artifact_source": "Cache", "container_registry_id": args.registry_id},
            aad_profile={
                "managed": True,
                "enable_azure_rbac": True,
                "admin_group_object_ids": args.admin_group_ids,
            },
            disable_local_accounts=True,
            enable_rbac=True,
            oidc_issuer_profile={"enabled": True},
            security_profile=self._security(),
            disk_encryption_set_id=self._disks,
            storage_profile={
                "disk_csi_driver": {"enabled": True},
                "file_csi_driver": {"enabled": True},
                "blob_csi_driver": {"enabled": True},
                "snapshot_controller": {"enabled": True},
            },
            auto_upgrade_profile={"upgrade_channel": "patch", "node_os_upgrade_channel": "NodeImage"},
            metrics_profile={"cost_analysis": {"enabled": True}},
            tags=args.tags.azure(),
            # The autoscaler moves the system pool's count between its bounds.
            opts=pulumi.ResourceOptions(parent=self, depends_on=granted, ignore_changes=["agentPoolProfiles[0].count"]),
        )

    def _api_server(self) -> azure.containerservice.ManagedClusterAPIServerAccessProfileArgsDict:
        """In the cluster's own network either way: only from there does it reach the private vault."""
        integrated: azure.containerservice.ManagedClusterAPIServerAccessProfileArgsDict = {
            "disable_run_command": True,
            "enable_vnet_integration": True,
            "subnet_id": self._args.api_server_subnet_id,
        }
        if self._args.open_to:
            return {**integrated, "authorized_ip_ranges": list(self._args.open_to)}
        return {
            **integrated,
            "enable_private_cluster": True,
            "enable_private_cluster_public_fqdn": False,
            "private_dns_zone": "system",
        }

    def _network(self) -> azure.containerservice.ContainerServiceNetworkProfileArgsDict:
        args = self._args
        return {
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "network_dataplane": "cilium",
            "network_policy": "cilium",
            "load_balancer_sku": "standard",
            "outbound_type": "userAssignedNATGateway",
            "pod_cidr": str(args.plan.pods),
            "service_cidr": str(args.plan.services),
            "dns_service_ip": args.plan.dns_service,
        }

    def _security(self) -> azure.containerservice.ManagedClusterSecurityProfileArgsDict:
        """Pods have identities instead of secrets, and the secrets that there are rest under the platform's key."""
        args = self._args
        return {
            "workload_identity": {"enabled": True},
            "image_cleaner": {"enabled": True, "interval_hours": 168},
            "azure_key_vault_kms": {
                "enabled": True,
                "key_id": args.key.key_uri_with_version,
                "key_vault_network_access": "Private",
                "key_vault_resource_id": args.key.vault_id,
            },
        }
