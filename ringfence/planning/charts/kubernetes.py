"""Kubernetes' own types as they stand in charts' values, under names that say which.

Owns: which keys such a map takes besides those that a chart's default happens to show: charts hand these maps on whole.
Refuses to own: everything else in a chart. Fields: Kubernetes 1.34, core/v1 and apps/v1.
"""

from __future__ import annotations

LISTS = frozenset(
    {"accessModes", "affinity", "args", "command", "configMaps", "containers", "egress", "env", "envFrom", "envVars"}
    | {"extraEnv", "extraVolumeMounts", "extraVolumes", "hostAliases", "hosts", "imagePullSecrets", "ingress"}
    | {
        "initContainers",
        "matchExpressions",
        "parentRefs",
        "ports",
        "rules",
        "secrets",
        "subjects",
        "tls",
        "tolerations",
    }
    | {"topologySpreadConstraints", "values", "volumeMounts", "volumes"}
)
"""Lists whose items are Kubernetes' own types, of which a chart's default shows only a part."""

FREE = ("selector", "annotations", "labels", "limits", "requests", "affinity")
"""Endings of names of maps whose keys are the user's own, or too deep to list."""

FIELDS = {
    "securitycontext": frozenset(
        {"allowPrivilegeEscalation", "appArmorProfile", "capabilities", "fsGroup", "fsGroupChangePolicy", "privileged"}
        | {"procMount", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions"}
        | {"seccompProfile", "supplementalGroups", "sysctls", "windowsOptions"}
    ),
    "resources": frozenset({"limits", "requests", "claims"}),
    "probe": frozenset(
        {"exec", "failureThreshold", "grpc", "httpGet", "initialDelaySeconds", "periodSeconds", "successThreshold"}
        | {"tcpSocket", "terminationGracePeriodSeconds", "timeoutSeconds"}
    ),
    "strategy": frozenset({"type", "rollingUpdate"}),
    "rollingupdate": frozenset({"maxSurge", "maxUnavailable", "partition"}),
}
"""Ending of a map's name to the fields of its type."""


def is_free(name: str) -> bool:
    """Whether a map of this name takes any key."""
    return name.lower().endswith(FREE)


def fields(name: str) -> frozenset[str]:
    """Fields that a map of this name takes besides what its chart shows; none for a name that says nothing."""
    lowered = name.lower()
    return next((keys for ending, keys in FIELDS.items() if lowered.endswith(ending)), frozenset())
