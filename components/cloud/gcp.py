"""A training cluster in GCP: a private regional GKE cluster in a network without a way out, and GPU node pools.

Owns: the order in which the parts come and what they share (one key, one node account, one log bucket). Refuses to own:
datasets (gcp_storage.py), what is installed in Kubernetes (components/addons) and who may use it (components/tenancy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud._gcp import gcp
from components.cloud.gcp_files import GcpFileSystem, GcpFileSystemArgs
from components.cloud.gcp_keys import GcpKey, GcpKeyArgs
from components.cloud.gcp_logs import GcpLogs, GcpLogsArgs
from components.cloud.gcp_network import PODS_RANGE, SERVICES_RANGE, GcpNetwork, GcpNetworkArgs
from components.cloud.gcp_nodes import GcpNodePool, GcpNodePoolArgs, hardened
from components.cloud.gcp_registry import GcpRegistry, GcpRegistryArgs
from components.cloud.sdk import planned
from ringfence.planning.cloud.control_plane import public_cidrs
from ringfence.planning.cloud.gcp import LOG_COMPONENTS, GcpNetworkPlan, GcpNodePoolPlan, plan_network, plan_node_pools
from ringfence.planning.cloud.kubeconfig import gke_kubeconfig
from ringfence.planning.cloud.names import physical
from ringfence.planning.cloud.principals import native_groups
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import CloudSite

_NODE_ROLES = ("container.defaultNodeServiceAccount",)
"""What a node needs to report logs and metrics, and no more (GKE documentation, "Harden your cluster")."""
_TIERS = {"scratch": "lustre", "file": "file"}


@dataclass(frozen=True, kw_only=True)
class GcpTrainingClusterArgs:
    """What a training cluster in GCP needs to know. All of it is plain: it decides residency, capacity and cost."""

    site: CloudSite
    cluster: Cluster
    tags: Tags
    audit_retention_days: int
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Pool to the labels that add-ons expect on its nodes (ringfence.planning.addons.node_labels)."""
    groups: tuple[str, ...] = ()
    """Tenants' groups. GKE lets them in by the security group that they are members of; RBAC says what they may do."""
    principals: Mapping[str, str] = field(default_factory=dict)
    """Group to the address of a Google group, where the group's own name is not one."""


class GcpTrainingCluster(pulumi.ComponentResource):
    """A GKE cluster with its network, key, logs, nodes, file systems and registry."""

    cluster_name: pulumi.Output[str]
    """Name in GKE."""
    endpoint: pulumi.Output[str]
    """https:// and the private address, or the public one where the platform says so."""
    kubeconfig: pulumi.Output[str]
    """Secret. It asks `gke-gcloud-auth-plugin` for a token; it holds none."""
    oidc_issuer: pulumi.Output[str]
    """URL of the issuer of service accounts' tokens."""
    network_id: pulumi.Output[str]
    """The VPC."""
    key_id: pulumi.Output[str]
    """Key of secrets, disks, logs, file systems and images."""
    registry_url: pulumi.Output[str]
    """Host and path under which images, charts and weights are."""
    audit_log: pulumi.Output[str]
    """The log bucket in the region."""
    node_pools: dict[str, pulumi.Output[str]]
    """Pool to node pool."""
    file_systems: dict[str, pulumi.Output[str]]
    """Storage tier (scratch, file) to instance id."""
    workload_pool: pulumi.Output[str]
    """Workload identity pool, in which Kubernetes service accounts are IAM principals."""

    def __init__(self, name: str, args: GcpTrainingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpTrainingCluster", name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        where = f"clusters.{name}"
        plan = planned(where, lambda: plan_network(args.site, args.cluster.network))
        rows = planned(where, lambda: plan_node_pools(args.site, args.cluster, args.node_labels))
        open_to = planned(where, lambda: public_cidrs(args.cluster.control_plane))
        people = (*args.cluster.access.operators, *args.cluster.access.auditors)
        groups = native_groups("gcp", people, args.principals)
        self._groups = groups.known
        if groups.unknown:
            pulumi.log.warn(groups.warning, resource=self)
        kinds = {tier.kind for tier in args.cluster.storage.values()}
        services = tuple(service for kind, service in _TIERS.items() if kind in kinds)
        users = ("container", "compute", "artifactregistry", "logging", *services)
        self._key = GcpKey(name, GcpKeyArgs(site=args.site, tags=args.tags, users=users), self._child)
        self.key_id = self._key.key_id
        network = GcpNetworkArgs(site=args.site, plan=plan, tags=args.tags, managed_services=bool(services))
        self._network = GcpNetwork(name, network, self._child)
        self.network_id = self._network.network_id
        logs = GcpLogsArgs(
            site=args.site,
            cluster_name=physical(args.tags.platform, name, 40),
            key_id=self.key_id,
            retention_days=args.audit_retention_days,
            locked=args.tags.environment == "prod",
        )
        self._logs = GcpLogs(f"{name}-logs", logs, self._after_key())
        self.audit_log = self._logs.bucket_id
        self._node_account = self._service_account()
        self.workload_pool = pulumi.Output.from_input(f"{args.site.account}.svc.id.goog")
        self._cluster = self._control_plane(plan, open_to)
        self._outputs_of_control_plane(private=open_to is None)
        self._people()
        self.node_pools = self._nodes(rows)
        self.file_systems = self._file_systems(plan)
        registry = GcpRegistryArgs(site=args.site, tags=args.tags, key_id=self.key_id, reader=self._node_member)
        self.registry_url = GcpRegistry(name, registry, self._after_key()).url
        self.register_outputs(self._outputs())

    def _outputs(self) -> dict[str, object]:
        return {
            "clusterName": self.cluster_name,
            "endpoint": self.endpoint,
            "kubeconfig": self.kubeconfig,
            "oidcIssuer": self.oidc_issuer,
            "networkId": self.network_id,
            "keyId": self.key_id,
            "registryUrl": self.registry_url,
            "auditLog": self.audit_log,
            "nodePools": self.node_pools,
            "fileSystems": self.file_systems,
            "workloadPool": self.workload_pool,
        }

    def _after_key(self, *more: pulumi.Resource) -> pulumi.ResourceOptions:
        """A child that comes after the service agents may use the key."""
        return pulumi.ResourceOptions(parent=self, depends_on=[self._key, *more])

    def _service_account(self) -> pulumi.Output[str]:
        """Nodes have an account of their own: the project's default one may do almost anything."""
        name, project = f"{self._name}-node", self._args.site.account
        account = gcp.serviceaccount.Account(
            name,
            project=project,
            account_id=physical(self._args.tags.platform, name, 30),
            display_name=f"Nodes of {self._name}",
            opts=self._child,
        )
        for role in _NODE_ROLES:
            gcp.projects.IAMMember(
                f"{name}-{role}", project=project, role=f"roles/{role}", member=account.member, opts=self._child
            )
        self._node_member = account.member
        return account.email

    def _control_plane(self, plan: GcpNetworkPlan, open_to: tuple[str, ...] | None) -> gcp.container.Cluster:
        name, args = self._name, self._args
        kinds = {tier.kind for tier in args.cluster.storage.values()}
        domains = {group.partition("@")[2] for group in self._groups.values()}
        return gcp.container.Cluster(
            name,
            name=physical(args.tags.platform, name, 40),
            project=args.site.account,
            location=args.site.region,
            node_locations=list(plan.zones),
            deletion_protection=args.tags.environment == "prod",
            min_master_version=args.cluster.kubernetes_version,
            release_channel={"channel": "REGULAR"},
            # The pool that GKE insists on starting with; its nodes live for minutes, and are hardened too.
            initial_node_count=1,
            remove_default_node_pool=True,
            node_config=hardened(self._node_account, self.key_id, args.tags),
            network=self.network_id,
            subnetwork=self._network.subnetwork_id,
            networking_mode="VPC_NATIVE",
            datapath_provider="ADVANCED_DATAPATH",
            enable_multi_networking=any(pool.fabric == "gpudirect-tcpx" for pool in args.cluster.pools.values()),
            ip_allocation_policy={
                "cluster_secondary_range_name": PODS_RANGE,
                "services_secondary_range_name": SERVICES_RANGE,
            },
            private_cluster_config={"enable_private_nodes": True, "enable_private_endpoint": open_to is None},
            control_plane_endpoints_config={"dns_endpoint_config": {"allow_external_traffic": False}},
            master_authorized_networks_config={
                "cidr_blocks": [{"cidr_block": cidr} for cidr in (str(plan.nodes), *(open_to or ()))],
                "gcp_public_cidrs_access_enabled": False,
            },
            master_auth={"client_certificate_config": {"issue_client_certificate": False}},
            authenticator_groups_config=(
                {"security_group": f"gke-security-groups@{min(domains)}"} if domains else None
            ),
            workload_identity_config={"workload_pool": self.workload_pool},
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            rbac_binding_config={
                "enable_insecure_binding_system_authenticated": False,
                "enable_insecure_binding_system_unauthenticated": False,
            },
            database_encryption={"state": "ENCRYPTED", "key_name": self.key_id},
            logging_config={"enable_components": list(LOG_COMPONENTS)},
            monitoring_config={
                "enable_components": ["SYSTEM_COMPONENTS"],
                "managed_prometheus": {"enabled": False},
            },
            cost_management_config={"enabled": True},
            security_posture_config={"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
            addons_config={
                "gce_persistent_disk_csi_driver_config": {"enabled": True},
                "gcs_fuse_csi_driver_config": {"enabled": True},
                "gcp_filestore_csi_driver_config": {"enabled": "file" in kinds},
                "lustre_csi_driver_config": {"enabled": "scratch" in kinds},
            },
            resource_labels=args.tags.gcp(),
            opts=self._after_key(self._logs, *self._network.ready),
        )

    def _outputs_of_control_plane(self, *, private: bool) -> None:
        cluster, site = self._cluster, self._args.site
        self.cluster_name = cluster.name
        config = cluster.private_cluster_config
        address = config.private_endpoint if private else config.public_endpoint
        self.endpoint = pulumi.Output.concat("https://", address)
        self.oidc_issuer = pulumi.Output.concat(
            "https://container.googleapis.com/v1/projects/",
            f"{site.account}/locations/{site.region}/clusters/",
            cluster.name,
        )
        known = pulumi.Output.all(cluster.name, address, cluster.master_auth.cluster_ca_certificate)
        self.kubeconfig = pulumi.Output.secret(known.apply(lambda at: gke_kubeconfig(at[0], at[1], at[2])))

    def _people(self) -> None:
        """Operators may do everything with the project's clusters, auditors may look."""
        access = self._args.cluster.access
        for role, groups in (("container.admin", access.operators), ("container.viewer", access.auditors)):
            for group in groups:
                if group not in self._groups:
                    continue
                gcp.projects.IAMMember(
                    f"{self._name}-{role}-{group.partition('@')[0]}",
                    project=self._args.site.account,
                    role=f"roles/{role}",
                    member=f"group:{self._groups[group]}",
                    opts=self._child,
                )

    def _nodes(self, rows: tuple[GcpNodePoolPlan, ...]) -> dict[str, pulumi.Output[str]]:
        return {
            row.name: GcpNodePool(
                f"{self._name}-{row.name}",
                GcpNodePoolArgs(
                    row=row,
                    site=self._args.site,
                    cluster=self._cluster.name,
                    service_account=self._node_account,
                    key_id=self.key_id,
                    tags=self._args.tags,
                ),
                self._child,
            ).node_pool_name
            for row in rows
        }

    def _file_systems(self, plan: GcpNetworkPlan) -> dict[str, pulumi.Output[str]]:
        peering = [self._network.managed_services] if self._network.managed_services else []
        return {
            tier_name: GcpFileSystem(
                f"{self._name}-{tier_name}",
                GcpFileSystemArgs(
                    tier=tier,
                    site=self._args.site,
                    zone=plan.zones[0],
                    tags=self._args.tags,
                    network_id=self.network_id,
                    key_id=self.key_id,
                ),
                self._after_key(*peering),
            ).file_system_id
            for tier_name, tier in self._args.cluster.storage.items()
            if tier.kind in _TIERS
        }
