"""Who may do what in a tenant's namespaces, and what nobody may."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.planning import tenancy
from ringfence.planning.tenancy import access
from ringfence.planning.tenancy.names import cluster_tags
from tests.tenancy.platforms import fifty


def test_no_role_holds_a_wildcard_or_a_way_to_more() -> None:
    roles = access.cluster_roles(cluster_tags(fifty(), "fra"))

    assert [role["metadata"]["name"] for role in roles] == [
        "ringfence-tenant-viewer",
        "ringfence-tenant-user",
        "ringfence-tenant-admin",
        "ringfence-operator",
        "ringfence-auditor",
    ]
    for role in roles:
        for rule in role["rules"]:
            assert "*" not in [*rule["verbs"], *rule.get("resources", []), *rule.get("apiGroups", [])]
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])


def _may(role: dict[str, Any], verb: str, group: str, resource: str) -> bool:
    return any(
        verb in rule["verbs"] and group in rule.get("apiGroups", []) and resource in rule.get("resources", [])
        for rule in role["rules"]
    )


@pytest.mark.parametrize(
    ("group", "resource"),
    [
        ("", "resourcequotas"),
        ("", "limitranges"),
        ("networking.k8s.io", "networkpolicies"),
        ("kueue.x-k8s.io", "localqueues"),
        ("kueue.x-k8s.io", "workloads"),
        ("kueue.x-k8s.io", "clusterqueues"),
        ("", "namespaces"),
        ("rbac.authorization.k8s.io", "rolebindings"),
        ("rbac.authorization.k8s.io", "clusterrolebindings"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("gateway.networking.k8s.io", "httproutes"),
    ],
)
def test_tenant_admins_cannot_change_what_bounds_them(group: str, resource: str) -> None:
    roles = {role["metadata"]["name"]: role for role in access.cluster_roles(cluster_tags(fifty(), "fra"))}

    for verb in ("create", "update", "patch", "delete", "deletecollection"):
        assert not _may(roles["ringfence-tenant-admin"], verb, group, resource)


def test_who_may_read_secrets() -> None:
    roles = {role["metadata"]["name"]: role for role in access.cluster_roles(cluster_tags(fifty(), "fra"))}

    assert [name for name, role in roles.items() if _may(role, "get", "", "secrets")] == ["ringfence-tenant-admin"]


def test_operators_and_auditors_are_bound_cluster_wide_and_tenants_never_are() -> None:
    bindings = [
        each for each in access.cluster_access_manifests(fifty(), "fra") if each["kind"] == "ClusterRoleBinding"
    ]

    assert [(each["roleRef"]["name"], each["subjects"][0]["name"]) for each in bindings] == [
        ("ringfence-operator", "platform-operators"),
        ("ringfence-auditor", "auditors"),
    ]
    for tenant in fifty().tenants:
        kinds = {each["kind"] for each in tenancy.tenant_manifests(fifty(), "fra", tenant)}
        assert not {"ClusterRoleBinding", "ClusterRole"} & kinds
