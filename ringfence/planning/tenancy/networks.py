"""Networks: who a tenant's pods may talk to, as plain NetworkPolicies.

Owns: the default (nobody) and the few ways out of it. A way to another site is opened only where every class of the
tenant may be processed there, and never to a place that is not known. Refuses to own: what residency permits
(ringfence.spec.residency).
"""

from __future__ import annotations

from ringfence.planning.labels import Tags
from ringfence.planning.places import place_of
from ringfence.planning.serving.installed import add_ons_on, has_add_on
from ringfence.planning.tenancy.layout import TenantNamespace, tenant_namespaces
from ringfence.planning.tenancy.names import TENANT_LABEL, Manifest, metadata, tenant_classes, tenant_tags
from ringfence.planning.tenancy.pools import provider_of
from ringfence.spec.platform import Platform
from ringfence.spec.residency import decide

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that the API server puts on every namespace: it cannot be forged."""

GATEWAY_NAMESPACE = "envoy-gateway-system"
"""Where Envoy Gateway runs its proxies (envoyproxy/gateway, chart gateway-helm)."""
MONITORING_NAMESPACE = "monitoring"
"""Namespace of the kube-prometheus-stack row."""
CONTROLLER_NAMESPACES = ("kserve", "keda")
"""Add-ons that call pods to learn of their load or readiness."""

STORE_NAMESPACES = {"rook-ceph-cluster": "rook-ceph", "seaweedfs": "seaweedfs"}
"""Add-ons with an object store in the cluster, and where it answers."""

NODE_LOCAL_DNS = "169.254.20.10/32"
"""Link-local address of NodeLocal DNSCache (Kubernetes documentation); it leads no further than the node."""

DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
HTTPS_PORTS = [{"protocol": "TCP", "port": 443}]


def network_manifests(platform: Platform, cluster: str, tenant: str) -> list[Manifest]:
    """The network policies of all of a tenant's namespaces on a cluster."""
    tags = tenant_tags(platform, cluster, tenant)
    made: list[Manifest] = []
    for namespace in tenant_namespaces(platform, cluster, tenant):
        made += [deny_all(namespace, tags), allow_dns(namespace, tags), allow_monitoring(namespace, tags)]
        if namespace.models:
            made += [allow_gateway_in(namespace, tags), *allow_stores(platform, cluster, namespace, tags)]
            made += [] if has_add_on(platform, cluster, "ai-gateway") else [allow_callers(tenant, namespace, tags)]
        else:
            made += [allow_tenant(tenant, namespace, tags), allow_gateway_out(namespace, tags)]
        made += allow_destinations(platform, cluster, tenant, namespace, tags)
    return made


def deny_all(namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Nobody in, nobody out."""
    return _policy("default-deny", namespace, tags, ingress=[], egress=[])


def allow_dns(namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Names are resolved in the cluster."""
    to = [{"namespaceSelector": _named("kube-system")}, {"ipBlock": {"cidr": NODE_LOCAL_DNS}}]
    return _policy("allow-dns", namespace, tags, egress=[{"to": to, "ports": DNS_PORTS}])


def allow_tenant(tenant: str, namespace: TenantNamespace, tags: Tags) -> Manifest:
    """The tenant's namespaces talk to each other. Tenants cannot label namespaces."""
    own = [{"namespaceSelector": {"matchLabels": {TENANT_LABEL: tenant}}}]
    return _policy("allow-tenant", namespace, tags, ingress=[{"from": own}], egress=[{"to": own}])


def allow_monitoring(namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Metrics are fetched."""
    return _policy(
        "allow-monitoring",
        namespace,
        tags,
        ingress=[{"from": [{"namespaceSelector": _named(MONITORING_NAMESPACE)}]}],
    )


def allow_gateway_in(namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Models answer the gateway and the controllers that scale them, nobody else."""
    callers = [{"namespaceSelector": _named(name)} for name in (GATEWAY_NAMESPACE, *CONTROLLER_NAMESPACES)]
    return _policy("allow-gateway", namespace, tags, ingress=[{"from": callers}])


def allow_callers(tenant: str, namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Without a model gateway (a small edge site) the tenant's own pods ask its models themselves."""
    own = [{"namespaceSelector": {"matchLabels": {TENANT_LABEL: tenant}}}]
    return _policy("allow-callers", namespace, tags, ingress=[{"from": own}])


def allow_gateway_out(namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Work calls models through the gateway, which counts tokens and knows where each model may run."""
    gateway = [{"namespaceSelector": _named(GATEWAY_NAMESPACE)}]
    return _policy("allow-gateway", namespace, tags, egress=[{"to": gateway}])


def allow_stores(platform: Platform, cluster: str, namespace: TenantNamespace, tags: Tags) -> list[Manifest]:
    """Models read their weights from the cluster's own object store, where it has one."""
    installed = add_ons_on(platform, cluster)
    stores = [{"namespaceSelector": _named(store)} for name, store in STORE_NAMESPACES.items() if name in installed]
    return [_policy("allow-stores", namespace, tags, egress=[{"to": stores}])] if stores else []


def allow_destinations(
    platform: Platform, cluster: str, tenant: str, namespace: TenantNamespace, tags: Tags
) -> list[Manifest]:
    """HTTPS to where the tenant's data may be: the cluster's private endpoints, and its other clusters; or nothing."""
    cidrs = destinations(platform, cluster, tenant)
    if not cidrs:
        return []
    to = [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]
    return [_policy("allow-destinations", namespace, tags, egress=[{"to": to, "ports": HTTPS_PORTS}])]


def destinations(platform: Platform, cluster: str, tenant: str) -> list[str]:
    """Networks that the tenant's pods may reach beside the cluster's own pods, sorted.

    A cloud cluster's own node network holds the private endpoints of its stores; another cluster's holds its gateway.
    A disconnected site is never reached and reaches nobody.
    """
    spec = platform.tenants[tenant]
    here = {cluster} if provider_of(platform, cluster) else set()
    others = {name for name in spec.clusters if name != cluster and _may_reach(platform, cluster, name, tenant)}
    return sorted(str(platform.clusters[name].network.nodes) for name in here | others)


def _may_reach(platform: Platform, cluster: str, other: str, tenant: str) -> bool:
    """Whether data of every class of the tenant may be processed where another of its clusters stands."""
    sites = [platform.sites[platform.clusters[name].site] for name in (cluster, other)]
    if any(site.reachability == "disconnected" for site in sites):
        return False
    place = place_of(sites[1])
    classes = tenant_classes(platform, cluster, tenant)
    verdicts = (
        decide(platform.data_classes[name], "process", place.country, place.laws, platform.groups) for name in classes
    )
    return all(verdict.proven for verdict in verdicts)


def _named(namespace: str) -> Manifest:
    return {"matchLabels": {NAMESPACE_NAME: namespace}}


def _policy(
    name: str,
    namespace: TenantNamespace,
    tags: Tags,
    *,
    ingress: list[Manifest] | None = None,
    egress: list[Manifest] | None = None,
) -> Manifest:
    """A policy for all pods of a namespace. An empty list denies; None leaves that direction to other policies."""
    rules = {"ingress": ingress, "egress": egress}
    given = {direction: rule for direction, rule in rules.items() if rule is not None}
    types = [direction.capitalize() for direction in given]
    filled = {direction: rule for direction, rule in given.items() if rule}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name, tags, namespace.name),
        "spec": {"podSelector": {}, "policyTypes": types, **filled},
    }
