"""Access: who may do what on a cluster, as plain RBAC manifests.

Owns: the five roles (tenant admin, user and viewer; platform operator and auditor) and who is bound to them. Refuses to
own: what an allowed request may contain (admission.py), and who is in a group (the identity provider).

No role holds a wildcard, `escalate`, `bind` or `impersonate`; none may change the quotas, limits, network policies and
queues that bound its holder. Operators run the cluster without reading tenants' Secrets or entering their pods.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.planning.labels import Tags
from ringfence.planning.tenancy.layout import TenantNamespace, tenant_namespaces
from ringfence.planning.tenancy.names import Manifest, cluster_tags, metadata, tenant_tags
from ringfence.spec.platform import Platform

RBAC = "rbac.authorization.k8s.io"
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")

VIEWER = "ringfence-tenant-viewer"
USER = "ringfence-tenant-user"
ADMIN = "ringfence-tenant-admin"
OPERATOR = "ringfence-operator"
AUDITOR = "ringfence-auditor"

Group = tuple[str, tuple[str, ...]]
"""An API group and resources of it."""

BOUNDS: tuple[Group, ...] = (
    ("", ("resourcequotas", "limitranges")),
    ("networking.k8s.io", ("networkpolicies",)),
    ("kueue.x-k8s.io", ("localqueues", "workloads")),
)
"""What bounds a tenant: it may look at these, and nothing more."""

WORK: tuple[Group, ...] = (
    ("", ("pods", "services", "configmaps", "persistentvolumeclaims")),
    ("apps", ("deployments", "statefulsets")),
    ("batch", ("jobs", "cronjobs")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("jobset.x-k8s.io", ("jobsets",)),
    ("leaderworkerset.x-k8s.io", ("leaderworkersets",)),
    ("trainer.kubeflow.org", ("trainjobs",)),
    ("argoproj.io", ("workflows", "workflowtemplates", "cronworkflows")),
)
"""What a tenant works with."""

STATUS: tuple[Group, ...] = (
    ("", ("events", "pods/log", "pods/status", "endpoints", "serviceaccounts")),
    ("apps", ("replicasets",)),
    ("discovery.k8s.io", ("endpointslices",)),
    ("events.k8s.io", ("events",)),
    ("trainer.kubeflow.org", ("trainingruntimes",)),
    ("serving.kserve.io", ("inferenceservices", "llminferenceservices", "servingruntimes")),
)
"""What tells a tenant how its work is doing. Models are served by the platform: a tenant sees them."""

CLUSTER_READABLE: tuple[Group, ...] = (
    ("", ("nodes", "namespaces", "persistentvolumes", "componentstatuses", "podtemplates", "replicationcontrollers")),
    ("apps", ("daemonsets", "controllerrevisions")),
    ("rbac.authorization.k8s.io", ("roles", "rolebindings", "clusterroles", "clusterrolebindings")),
    ("policy", ("poddisruptionbudgets",)),
    ("storage.k8s.io", ("storageclasses", "volumeattachments", "csidrivers", "csinodes")),
    ("scheduling.k8s.io", ("priorityclasses",)),
    ("node.k8s.io", ("runtimeclasses",)),
    ("networking.k8s.io", ("ingresses", "ingressclasses")),
    ("gateway.networking.k8s.io", ("gateways", "gatewayclasses", "httproutes", "grpcroutes", "referencegrants")),
    ("gateway.envoyproxy.io", ("backends", "backendtrafficpolicies", "envoyproxies", "securitypolicies")),
    ("aigateway.envoyproxy.io", ("aigatewayroutes", "aiservicebackends", "backendsecuritypolicies")),
    (
        "admissionregistration.k8s.io",
        (
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
            "mutatingwebhookconfigurations",
        ),
    ),
    ("apiextensions.k8s.io", ("customresourcedefinitions",)),
    ("apiregistration.k8s.io", ("apiservices",)),
    ("certificates.k8s.io", ("certificatesigningrequests",)),
    ("kueue.x-k8s.io", ("clusterqueues", "cohorts", "resourceflavors", "topologies", "workloadpriorityclasses")),
    ("serving.kserve.io", ("clusterservingruntimes", "clusterstoragecontainers", "localmodelcaches")),
    ("nvidia.com", ("clusterpolicies", "nvidiadrivers")),
    ("cert-manager.io", ("certificates", "issuers", "clusterissuers")),
    ("velero.io", ("backups", "schedules", "restores", "backupstoragelocations")),
    ("metrics.k8s.io", ("nodes", "pods")),
)
"""What operators and auditors see besides what tenants see. Secrets are not in it."""

OPERABLE: tuple[Group, ...] = (
    ("", ("namespaces", "persistentvolumes", "persistentvolumeclaims", "services", "configmaps", "pods")),
    ("", ("resourcequotas", "limitranges", "serviceaccounts")),
    ("apps", ("deployments", "statefulsets", "daemonsets", "replicasets")),
    ("batch", ("jobs", "cronjobs")),
    ("policy", ("poddisruptionbudgets",)),
    ("storage.k8s.io", ("storageclasses",)),
    ("scheduling.k8s.io", ("priorityclasses",)),
    ("networking.k8s.io", ("networkpolicies",)),
    ("gateway.networking.k8s.io", ("gateways", "httproutes", "referencegrants")),
    ("kueue.x-k8s.io", ("clusterqueues", "cohorts", "resourceflavors", "topologies", "localqueues", "workloads")),
    ("kueue.x-k8s.io", ("workloadpriorityclasses",)),
    ("serving.kserve.io", ("inferenceservices", "llminferenceservices", "clusterservingruntimes")),
    ("nvidia.com", ("clusterpolicies", "nvidiadrivers")),
    ("velero.io", ("backups", "schedules", "restores")),
)
"""What operators may change by hand. Admission policies, webhooks and RBAC change by a reviewed update only."""


def cluster_roles(tags: Tags) -> list[Manifest]:
    """The five roles. The tenant ones are bound in single namespaces only."""
    reading = _rules(READ, (*BOUNDS, *WORK, *STATUS))
    working = [*reading, *_rules(WRITE, WORK), *_rules(("create", "get"), _SESSIONS), *_rules(WRITE, _EVICTION)]
    admin = [
        *working,
        *_rules((*READ, *WRITE), (("", ("secrets", "serviceaccounts")), ("policy", ("poddisruptionbudgets",)))),
        *_rules(("create",), (("", ("serviceaccounts/token",)),)),
    ]
    seeing = [
        *reading,
        *_rules(READ, CLUSTER_READABLE),
        {"nonResourceURLs": ["/metrics", "/healthz"], "verbs": ["get"]},
    ]
    operating = [
        *seeing,
        *_rules(WRITE, OPERABLE),
        *_rules(("update", "patch"), (("", ("nodes", "nodes/status")),)),
        *_rules(("create",), (("", ("pods/eviction",)), ("certificates.k8s.io", ("certificatesigningrequests",)))),
    ]
    return [
        _cluster_role(name, rules, tags)
        for name, rules in (
            (VIEWER, reading),
            (USER, working),
            (ADMIN, admin),
            (OPERATOR, operating),
            (AUDITOR, seeing),
        )
    ]


_SESSIONS: tuple[Group, ...] = (("", ("pods/exec", "pods/attach", "pods/portforward")),)
_EVICTION: tuple[Group, ...] = (("apps", ("deployments/scale", "statefulsets/scale")),)


def cluster_access_manifests(platform: Platform, cluster: str) -> list[Manifest]:
    """The roles, and the groups that operate and audit the cluster."""
    tags = cluster_tags(platform, cluster)
    access = platform.clusters[cluster].access
    bound = ((OPERATOR, access.operators), (AUDITOR, access.auditors))
    return [
        *cluster_roles(tags),
        *(
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": metadata(role, tags),
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
                "subjects": _subjects(groups),
            }
            for role, groups in bound
            if groups
        ),
    ]


def access_manifests(platform: Platform, cluster: str, tenant: str) -> list[Manifest]:
    """Who of a tenant may do what in its namespaces. In the models' namespace everybody only looks."""
    groups = platform.tenants[tenant].groups
    tags = tenant_tags(platform, cluster, tenant)
    work = ((ADMIN, groups.admins), (USER, groups.users), (VIEWER, groups.viewers))
    everybody = tuple(dict.fromkeys((*groups.admins, *groups.users, *groups.viewers)))
    made: list[Manifest] = []
    for namespace in tenant_namespaces(platform, cluster, tenant):
        bound = ((VIEWER, everybody),) if namespace.models else work
        made += [_role_binding(role, names, namespace, tags) for role, names in bound if names]
    return made


def _role_binding(role: str, groups: Iterable[str], namespace: TenantNamespace, tags: Tags) -> Manifest:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": metadata(role, tags, namespace.name),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": _subjects(groups),
    }


def _subjects(groups: Iterable[str]) -> list[Manifest]:
    return [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups]


def _cluster_role(name: str, rules: list[Manifest], tags: Tags) -> Manifest:
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata(name, tags), "rules": rules}


def _rules(verbs: Iterable[str], groups: Iterable[Group]) -> list[Manifest]:
    return [{"apiGroups": [group], "resources": list(names), "verbs": list(verbs)} for group, names in groups]
