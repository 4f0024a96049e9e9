"""Admission: what an allowed request of a tenant may contain, as ValidatingAdmissionPolicies.

Owns: the policies' manifests, their bindings, and the priority classes they let tenants use. Refuses to own: the
conditions (admission_rules.py) and who may send a request (access.py).

What a tenant may name (pools, taints, storage classes, data classes) is read off its namespace's annotations
(namespaces.py), which no tenant can write: so a cluster needs one set of policies, however many tenants it has. Every
policy fails closed: an expression that errs refuses the request. `namespaceObject` needs Kubernetes 1.30 or newer.
"""

from __future__ import annotations

from ringfence.planning.labels import KUBERNETES_PREFIX, Tags
from ringfence.planning.tenancy.admission_rules import POD_PRIORITIES, policies
from ringfence.planning.tenancy.cel import AdmissionPolicy
from ringfence.planning.tenancy.names import TENANT_LABEL, Manifest, cluster_tags, metadata
from ringfence.planning.tenancy.residency_rules import TWINS, residency_policies
from ringfence.spec.platform import Platform

API = "admissionregistration.k8s.io/v1"

PREVIEW_RULE_ANNOTATION = KUBERNETES_PREFIX + "preview-rule"
"""On a policy: the rule of the policy pack that says no to the same objects at preview."""


def admission_manifests(platform: Platform, cluster: str, *, queues: bool = True) -> list[Manifest]:
    """The policies of a cluster and their bindings, and the priority classes that they let tenants use.

    `queues` is whether the cluster has Kueue: without it nothing can be asked to wait in a queue.
    """
    tags = cluster_tags(platform, cluster)
    made = [pod_priority(name, value, tags) for name, value in zip(POD_PRIORITIES, (1000, 0), strict=True)]
    for policy in policies(queues=queues):
        made += [policy_manifest(policy, tags), binding_manifest(policy, tags, tenants_only=True)]
    for policy in residency_policies(platform, cluster):
        made += [policy_manifest(policy, tags), binding_manifest(policy, tags, tenants_only=False)]
    return made


def policy_manifest(policy: AdmissionPolicy, tags: Tags) -> Manifest:
    """The ValidatingAdmissionPolicy."""
    rule = {
        "apiGroups": [policy.group],
        "apiVersions": [policy.version],
        "operations": list(policy.operations),
        "resources": list(policy.resources),
    }
    spec: Manifest = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}}
    if policy.variables:
        spec["variables"] = [{"name": name, "expression": expression} for name, expression in policy.variables]
    spec["validations"] = [
        {"expression": each.expression, "message": each.message, "reason": "Forbidden"} for each in policy.validations
    ]
    kind, body = "ValidatingAdmissionPolicy", metadata(policy.name, tags)
    if policy.name in TWINS:
        body["annotations"] = {PREVIEW_RULE_ANNOTATION: TWINS[policy.name]}
    return {"apiVersion": API, "kind": kind, "metadata": body, "spec": spec}


def binding_manifest(policy: AdmissionPolicy, tags: Tags, *, tenants_only: bool) -> Manifest:
    """The binding: every namespace, or every one that belongs to a tenant; refused and written to the audit log."""
    selector: Manifest = {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]} if tenants_only else {}
    return {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": metadata(policy.name, tags),
        "spec": {
            "policyName": policy.name,
            "matchResources": {"namespaceSelector": selector},
            "validationActions": ["Deny", "Audit"],
        },
    }


def pod_priority(name: str, value: int, tags: Tags) -> Manifest:
    """A PriorityClass for tenants: what answers users before what can wait."""
    description = "Ringfence: pods that answer users" if value else "Ringfence: work that can wait"
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": metadata(name, tags),
        "value": value,
        "globalDefault": False,
        "description": description,
        "preemptionPolicy": "PreemptLowerPriority" if value else "Never",
    }
