"""The conditions that tenants' objects must meet, in the API server's expression language (CEL).

Owns: the conditions, what each is asked of, and the message of each refusal. Refuses to own: manifests (admission.py).
"""

from __future__ import annotations

from ringfence.planning.capacity import POOL_LABEL, RACK_LABEL
from ringfence.planning.labels import DATA_CLASS, DATA_CLASS_SEPARATOR, KUBERNETES_PREFIX
from ringfence.planning.tenancy.cel import (
    AdmissionPolicy,
    Validation,
    accelerated,
    cel_list,
    controller,
    field_or,
    owned_by,
    permits,
    queue_of,
)
from ringfence.planning.tenancy.names import MODELS, PURPOSE_LABEL, QUEUE_LABEL
from ringfence.planning.tenancy.namespaces import (
    CLASSES_ANNOTATION,
    POOLS_ANNOTATION,
    STORAGE_CLASSES_ANNOTATION,
    TOLERATIONS_ANNOTATION,
)

ADMISSION_GATE = "kueue.x-k8s.io/admission"
"""Scheduling gate of a pod that waits for its queue (kueue, pkg/controller/jobs/pod)."""

NODE_CONDITION_KEYS = tuple(
    f"node.kubernetes.io/{condition}"
    for condition in ("not-ready", "unreachable", "memory-pressure", "disk-pressure", "pid-pressure")
)
"""Taints by a node's condition that Kubernetes makes pods tolerate (Kubernetes, "Taints and Tolerations")."""

SELECTABLE_KEYS = ("kubernetes.io/os", "kubernetes.io/arch", "topology.kubernetes.io/zone", POOL_LABEL, RACK_LABEL)
"""Node labels that a tenant's pod may select by. A host name is not one: it would reach other tenants' machines."""

POD_PRIORITIES = ("ringfence-serving", "ringfence-batch")
"""PriorityClasses that tenants' pods may have; system-* would let them evict the platform's own."""

QUEUED_KINDS: tuple[tuple[str, str, str], ...] = (
    ("jobset.x-k8s.io", "v1alpha2", "jobsets"),
    ("leaderworkerset.x-k8s.io", "v1", "leaderworkersets"),
    ("trainer.kubeflow.org", "v1alpha1", "trainjobs"),
)
"""Kinds of the add-ons that run gangs of pods: they always name a queue."""


def policies(*, queues: bool = True) -> tuple[AdmissionPolicy, ...]:
    """Every policy for tenants' namespaces; those about queues only where there are any."""
    waiting = (_queueing(), _jobs(), *_gangs()) if queues else ()
    return (_placement(), *waiting, _services(), _claims())


def _affinity_holds() -> str:
    """Whether every term of a required node affinity stays within what may be selected."""
    affinity = "object.spec.affinity"
    required = f"{affinity}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    allowed = (
        f"e.key in {cel_list(SELECTABLE_KEYS)}"
        f" && (e.key != '{POOL_LABEL}' || (e.operator == 'In' && e.values.all(v, v in variables.pools)))"
    )
    terms = f"!has(t.matchFields) && (!has(t.matchExpressions) || t.matchExpressions.all(e, {allowed}))"
    absent = f"!has({affinity}) || !has({affinity}.nodeAffinity) || !has({required})"
    return f"request.operation != 'CREATE' || {absent} || {required}.nodeSelectorTerms.all(t, {terms})"


def _tolerations_hold() -> str:
    """Whether every toleration has a key, and it is of the tenant's pools or of a node's condition."""
    valued = (
        "!(has(t.operator) && t.operator == 'Exists')"
        " && (t.key + '=' + (has(t.value) ? t.value : '')) in variables.tolerable"
    )
    known = f"t.key in {cel_list(NODE_CONDITION_KEYS)} || t.key in variables.tolerable || ({valued})"
    return f"!has(object.spec.tolerations) || object.spec.tolerations.all(t, has(t.key) && t.key != '' && ({known}))"


def _placement() -> AdmissionPolicy:
    """Pods run on the tenant's pools only, where the scheduler puts them."""
    selector = "object.spec.nodeSelector"
    same = " && ".join(
        f"{field_or('object', path)} == {field_or('oldObject', path)}"
        for path in ("spec.nodeSelector", "spec.affinity")
    )
    return AdmissionPolicy(
        name="ringfence-tenant-placement",
        group="",
        version="v1",
        resources=("pods",),
        variables=(
            ("pools", permits(POOLS_ANNOTATION)),
            ("tolerable", permits(TOLERATIONS_ANNOTATION)),
            ("controller", controller()),
        ),
        validations=(
            Validation(
                expression=f"!has({selector}) || !('{POOL_LABEL}' in {selector})"
                f" || {selector}['{POOL_LABEL}'] in variables.pools",
                message="the pod selects a pool of which its tenant has no share",
            ),
            Validation(
                expression=f"request.operation != 'CREATE' || !has({selector})"
                f" || {selector}.all(k, k in {cel_list(SELECTABLE_KEYS)})",
                message=f"a pod may select nodes by {', '.join(SELECTABLE_KEYS)} only",
            ),
            Validation(
                expression=_affinity_holds(),
                message="the pod's required node affinity goes beyond the pools of which its tenant has a share",
            ),
            Validation(
                expression=f"request.operation != 'UPDATE' || variables.controller || ({same})",
                message="where a pod may run is not changed afterwards",
            ),
            Validation(
                expression=_tolerations_hold(),
                message="a toleration without a key, or of a taint that is not of the tenant's pools, is refused",
            ),
            Validation(
                expression="request.operation != 'CREATE' || !has(object.spec.nodeName) || object.spec.nodeName == ''",
                message="a pod may not name its node: the scheduler places it",
            ),
            Validation(
                expression="!has(object.spec.schedulerName) || object.spec.schedulerName == 'default-scheduler'",
                message="only the default scheduler places tenants' pods",
            ),
            Validation(
                expression="!has(object.spec.priorityClassName) || object.spec.priorityClassName == ''"
                f" || object.spec.priorityClassName in {cel_list(POD_PRIORITIES)}",
                message=f"tenants' pods have no priority class, or one of {', '.join(POD_PRIORITIES)}",
            ),
        ),
    )


def _queueing() -> AdmissionPolicy:
    """Pods with accelerators wait in a queue, and only Kueue lets them start."""
    gated = "has({0}.spec.schedulingGates) && {0}.spec.schedulingGates.exists(g, g.name == '" + ADMISSION_GATE + "')"
    return AdmissionPolicy(
        name="ringfence-tenant-queueing",
        group="",
        version="v1",
        resources=("pods",),
        variables=(
            ("accelerated", accelerated("object.spec")),
            ("queue", queue_of("object")),
            ("controller", controller()),
            ("ofJob", owned_by("Job")),
        ),
        validations=(
            Validation(
                expression="request.operation != 'CREATE' || !variables.accelerated || variables.queue != ''"
                " || (variables.ofJob && variables.controller)",
                message=f"a pod that asks for accelerators names its queue with the label {QUEUE_LABEL}",
            ),
            Validation(
                expression="request.operation != 'UPDATE' || variables.controller"
                f" || ({queue_of('oldObject')}) == variables.queue",
                message="a pod cannot leave its queue",
            ),
            Validation(
                expression="request.operation != 'UPDATE' || variables.controller"
                f" || !({gated.format('oldObject')}) || ({gated.format('object')})",
                message="only Kueue lets a waiting pod start",
            ),
        ),
    )


def _jobs() -> AdmissionPolicy:
    """Jobs that ask for accelerators wait in a queue; those that a gang's controller makes wait with the gang."""
    return AdmissionPolicy(
        name="ringfence-tenant-jobs",
        group="batch",
        version="v1",
        resources=("jobs",),
        variables=(
            ("accelerated", accelerated("object.spec.template.spec")),
            ("queue", queue_of("object")),
            ("controller", controller()),
            ("ofGang", owned_by("JobSet")),
        ),
        validations=(
            Validation(
                expression="request.operation != 'CREATE' || !variables.accelerated || variables.queue != ''"
                " || (variables.ofGang && variables.controller)",
                message=f"a Job that asks for accelerators names its queue with the label {QUEUE_LABEL}",
            ),
            Validation(
                expression="request.operation != 'UPDATE' || variables.controller"
                f" || ({queue_of('oldObject')}) == '' || variables.queue != ''",
                message="a Job cannot leave its queue",
            ),
        ),
    )


def _gangs() -> tuple[AdmissionPolicy, ...]:
    """Gangs always wait in a queue."""
    return tuple(
        AdmissionPolicy(
            name=f"ringfence-tenant-{resource}",
            group=group,
            version=version,
            resources=(resource,),
            variables=(("queue", queue_of("object")), ("controller", controller())),
            validations=(
                Validation(
                    expression="variables.queue != '' || variables.controller",
                    message=f"{resource} name their queue with the label {QUEUE_LABEL}",
                ),
            ),
        )
        for group, version, resource in QUEUED_KINDS
    )


def _services() -> AdmissionPolicy:
    """Services lead to the tenant's own pods: not to names outside, not to addresses that are not theirs."""
    return AdmissionPolicy(
        name="ringfence-tenant-services",
        group="",
        version="v1",
        resources=("services",),
        validations=(
            Validation(
                expression="!has(object.spec.type) || object.spec.type != 'ExternalName'",
                message="a Service of type ExternalName would lead out of the cluster",
            ),
            Validation(
                expression="!has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0",
                message="externalIPs would take traffic that is meant for others",
            ),
        ),
    )


def _prepared_volume() -> str:
    """Whether a claim in a namespace of models takes a volume that the platform prepared at this site."""
    labels = "namespaceObject.metadata.labels"
    return (
        f"'{PURPOSE_LABEL}' in {labels} && {labels}['{PURPOSE_LABEL}'] == '{MODELS}'"
        " && has(object.spec.volumeName) && object.spec.volumeName != ''"
    )


def _claims() -> AdmissionPolicy:
    """Claims: a storage class where all of the tenant's data may rest, and a data class that is the tenant's.

    Where the platform keeps a tenant's models, which no tenant can write, a claim may name a volume of the site's own
    disks: that is how a model cache is shared.
    """
    label, labels = KUBERNETES_PREFIX + DATA_CLASS, "object.metadata.labels"
    named = "object.spec.storageClassName"
    return AdmissionPolicy(
        name="ringfence-tenant-claims",
        group="",
        version="v1",
        resources=("persistentvolumeclaims",),
        variables=(
            ("storageClasses", permits(STORAGE_CLASSES_ANNOTATION)),
            ("dataClasses", permits(CLASSES_ANNOTATION)),
            ("prepared", _prepared_volume()),
        ),
        validations=(
            Validation(
                expression=f"variables.prepared || (has({named}) && {named} in variables.storageClasses)",
                message="the claim names no storage class where all of the tenant's data classes may rest",
            ),
            Validation(
                expression=f"!has({labels}) || !('{label}' in {labels})"
                f" || {labels}['{label}'].split('{DATA_CLASS_SEPARATOR}').all(c, c in variables.dataClasses)",
                message="the claim is for a data class that its tenant does not process",
            ),
            Validation(
                expression="request.operation != 'CREATE' || variables.prepared || !has(object.spec.volumeName)"
                " || object.spec.volumeName == ''",
                message="a claim may not name its volume: it could be another tenant's",
            ),
        ),
    )
