"""Who may do what, asked of the real authorizer: every kind of person, every namespace, every verb.

Every question is a SubjectAccessReview. What each role may do in its own place is written down here once more, by hand:
a role that gains or loses a verb changes a line of this file.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from ringfence.controlplane import Client, Refused
from tests.support.controlplane import Cluster, pod

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")
VERBS = (*READ, *WRITE)

NAMESPACED = (
    ("", "pods"),
    ("", "pods/exec"),
    ("", "secrets"),
    ("", "services"),
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("", "serviceaccounts"),
    ("", "resourcequotas"),
    ("", "limitranges"),
    ("batch", "jobs"),
    ("networking.k8s.io", "networkpolicies"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("kueue.x-k8s.io", "localqueues"),
    ("kueue.x-k8s.io", "workloads"),
    ("serving.kserve.io", "inferenceservices"),
)
CLUSTER_WIDE = (
    ("", "namespaces"),
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("kueue.x-k8s.io", "clusterqueues"),
    ("kueue.x-k8s.io", "cohorts"),
    ("kueue.x-k8s.io", "resourceflavors"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "storageclasses"),
)

WORK = ("pods", "services", "configmaps", "persistentvolumeclaims", "jobs")
LOOKED_AT = (*WORK, "serviceaccounts", "resourcequotas", "limitranges", "networkpolicies", "localqueues", "workloads",
             "inferenceservices")  # fmt: skip

VIEWER = {resource: set(READ) for resource in LOOKED_AT}
USER = {**VIEWER, **{resource: set(VERBS) for resource in WORK}, "pods/exec": {"create", "get"}}
ADMIN = {**USER, "secrets": set(VERBS), "serviceaccounts": set(VERBS)}

IMPERSONATION = (("", "users", "impersonate"), ("", "groups", "impersonate"), ("", "serviceaccounts", "impersonate"))
ESCALATION = (
    ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("rbac.authorization.k8s.io", "roles", "escalate"),
    ("rbac.authorization.k8s.io", "roles", "bind"),
    *IMPERSONATION,
)


@dataclass(frozen=True)
class Person:
    """Somebody who asks."""

    name: str
    groups: tuple[str, ...]
    tenant: str | None = None
    role: str = ""


@dataclass(frozen=True)
class Question:
    """May they?"""

    person: Person
    namespace: str | None
    group: str
    resource: str
    verb: str


def people(cluster: Cluster) -> list[Person]:
    """Everybody of every tenant, and everybody else."""
    found = []
    for name in cluster.tenants:
        groups = cluster.platform.tenants[name].groups
        for role, members in (("admin", groups.admins), ("user", groups.users), ("viewer", groups.viewers)):
            found += [Person(f"{role}@{name}", (group,), name, role) for group in members]
    access = cluster.platform.clusters[cluster.name].access
    return [
        *found,
        *(Person("operator", (group,), None, "operator") for group in access.operators),
        *(Person("auditor", (group,), None, "auditor") for group in access.auditors),
        Person("stranger", ("somebody-else",)),
        Person("system:anonymous", ("system:unauthenticated",)),
    ]


def ask(client: Client, question: Question) -> bool:
    """One SubjectAccessReview."""
    resource, _, part = question.resource.partition("/")
    attributes = {"verb": question.verb, "group": question.group, "resource": resource, "subresource": part}
    attributes |= {"namespace": question.namespace} if question.namespace else {}
    known = () if "system:unauthenticated" in question.person.groups else ("system:authenticated",)
    spec = {
        "user": question.person.name,
        "groups": [*question.person.groups, *known],
        "resourceAttributes": attributes,
    }
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    answer = client.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).body["status"]
    assert not answer.get("evaluationError"), answer
    return bool(answer["allowed"])


@pytest.fixture(scope="module")
def answers(whole_serve_fra: Cluster) -> dict[Question, bool]:
    """Every question, and the authorizer's answer."""
    cluster = whole_serve_fra
    namespaces = [name for tenant in cluster.tenants for name in cluster.namespaces(tenant)]
    questions = [
        Question(person, namespace, group, resource, verb)
        for person in people(cluster)
        for namespace in (*namespaces, "kube-system", "default")
        for group, resource in NAMESPACED
        for verb in VERBS
    ]
    questions += [
        Question(person, None, group, resource, verb)
        for person in people(cluster)
        for group, resource in CLUSTER_WIDE
        for verb in VERBS
    ]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(questions, pool.map(lambda each: ask(cluster.client, each), questions), strict=True))


def test_not_one_yes_goes_from_a_tenant_to_another(whole_serve_fra: Cluster, answers: dict[Question, bool]) -> None:
    own = {tenant: whole_serve_fra.namespaces(tenant) for tenant in whole_serve_fra.tenants}
    crossing = [
        question
        for question, allowed in answers.items()
        if allowed
        and question.person.tenant
        and question.namespace
        and question.namespace not in own[question.person.tenant]
    ]
    assert crossing == []
    asked = [question for question in answers if question.person.tenant and question.namespace]
    assert len(asked) > 5000, "the matrix is as large as it claims to be"


def test_tenants_have_nothing_of_the_cluster_itself(answers: dict[Question, bool]) -> None:
    assert [each for each, allowed in answers.items() if allowed and each.person.tenant and not each.namespace] == []


@pytest.mark.parametrize(("role", "expected"), [("admin", ADMIN), ("user", USER), ("viewer", VIEWER)])
def test_each_role_may_do_at_home_what_is_written_here(
    whole_serve_fra: Cluster, answers: dict[Question, bool], role: str, expected: dict[str, set[str]]
) -> None:
    """In the namespace of the models that the platform serves for it, a tenant only looks."""
    allowed: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for question, answer in answers.items():
        person = question.person
        if person.role == role and question.namespace in whole_serve_fra.namespaces(person.tenant or ""):
            found = allowed[(person.name, str(question.namespace))]
            if answer:
                found[question.resource].add(question.verb)
    assert allowed
    for (_, namespace), found in allowed.items():
        assert dict(found) == (VIEWER if namespace.endswith("-models") else expected), namespace


@pytest.mark.parametrize("name", ["stranger", "system:anonymous"])
def test_who_is_in_no_group_may_do_nothing(answers: dict[Question, bool], name: str) -> None:
    assert [each for each, allowed in answers.items() if allowed and each.person.name == name] == []


def test_auditors_see_everything_but_secrets_and_change_nothing(answers: dict[Question, bool]) -> None:
    said = {each: allowed for each, allowed in answers.items() if each.person.role == "auditor"}
    assert [each for each, allowed in said.items() if allowed and each.verb in WRITE] == []
    unseen = {each.resource for each, allowed in said.items() if not allowed and each.verb in READ}
    assert unseen == {"secrets", "pods/exec"}


def test_operators_run_the_cluster_without_reading_tenants_secrets(answers: dict[Question, bool]) -> None:
    said = {each: allowed for each, allowed in answers.items() if each.person.role == "operator"}
    never = {"secrets", "pods/exec"}
    assert [each for each, allowed in said.items() if allowed and each.resource in never] == []
    reviewed = {"rolebindings", "clusterroles", "clusterrolebindings", "validatingadmissionpolicies",
                "mutatingwebhookconfigurations", "customresourcedefinitions"}  # fmt: skip
    assert [
        each for each, allowed in said.items() if allowed and each.verb in WRITE and each.resource in reviewed
    ] == []
    changed = {each.resource for each, allowed in said.items() if allowed and each.verb == "delete"}
    assert {"pods", "namespaces", "clusterqueues", "resourcequotas"} <= changed


def test_nobody_can_become_more_than_they_are(whole_serve_fra: Cluster) -> None:
    namespace = whole_serve_fra.namespaces("finance")[0]
    allowed = [
        (person.name, group, resource, verb)
        for person in people(whole_serve_fra)
        for group, resource, verb in ESCALATION
        for place in (namespace, None)
        if ask(whole_serve_fra.client, Question(person, place, group, resource, verb))
    ]
    assert allowed == []


def test_a_request_without_credentials_is_turned_away(whole_serve_fra: Cluster) -> None:
    with pytest.raises(Refused) as refused:
        whole_serve_fra.client.anonymous().items("v1", "Secret", "finance")
    assert refused.value.status in (401, 403)


def test_an_accounts_own_token_opens_nothing(whole_serve_fra: Cluster) -> None:
    """A pod of a tenant that finds a token can do nothing with it: no account is bound to anything."""
    account = whole_serve_fra.client.acting_as(
        "system:serviceaccount:finance:default", "system:serviceaccounts", "system:serviceaccounts:finance"
    )
    with pytest.raises(Refused, match="forbidden"):
        account.items("v1", "Secret", "finance")
    with pytest.raises(Refused, match="forbidden"):
        account.create(pod("mine", "finance"))
