"""Karpenter: starts EC2 machines for pods that wait.

Owns: its settings, and one pool of general machines where the node role is known. Refuses to own: accelerator pools,
which the spec sizes and the cloud component creates.
Facts: aws/karpenter-provider-aws v1.14.1, charts/karpenter and pkg/apis/crds.
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Objects, manifest
from ringfence.planning.addon_context import AddOnContext

NODE_ROLE = "karpenter-node-role"
"""Key in `identities` for the name of the role that nodes run under."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The cluster, and the queue on which EC2 tells of interruptions, which bears the cluster's name."""
    settings = {"clusterName": context.cluster, "interruptionQueue": context.cluster}
    return {"settings": settings, "replicas": context.replicas}


def objects(context: AddOnContext) -> Objects:
    """A class and a pool of general machines, found by the tag `karpenter.sh/discovery`."""
    role = context.identities.get(NODE_ROLE)
    if role is None:
        return Objects()
    ours = [{"tags": {"karpenter.sh/discovery": context.cluster}}]
    machine = {
        "role": role,
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": ours,
        "securityGroupSelectorTerms": ours,
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "100Gi", "volumeType": "gp3", "encrypted": True}}
        ],
    }
    pool = {
        "template": {
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "general"},
                "requirements": [
                    {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
                    {"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["c", "m", "r"]},
                ],
                "expireAfter": "720h",
            }
        },
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "5m"},
        "limits": {"cpu": "512"},
    }
    return Objects(
        after=(
            manifest("karpenter.k8s.aws/v1", "EC2NodeClass", "general", spec=machine),
            manifest("karpenter.sh/v1", "NodePool", "general", spec=pool),
        )
    )
