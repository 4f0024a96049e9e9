"""Karpenter: starts EC2 machines for pods that wait.

Owns: its settings, and one pool of general machines. Refuses to own: accelerator pools, which the spec sizes and the
cloud component creates, and what it may do in AWS (components/cloud/aws_add_on_access.py).
Facts: aws/karpenter-provider-aws v1.14.1, charts/karpenter and pkg/apis/crds.
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Objects, manifest
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.cloud.names import physical


def eks_name(context: AddOnContext) -> str:
    """The cluster as EKS knows it: with the platform's name in front (components/cloud/aws.py)."""
    return physical(context.platform, context.cluster, 100)


def node_role(context: AddOnContext) -> str:
    """The role of the cluster's own nodes: EKS has let it in already (components/cloud/aws.py)."""
    return physical(context.platform, f"{context.cluster}-node", 64)


def values(context: AddOnContext) -> dict[str, Any]:
    """The cluster, and the queue on which EC2 tells of interruptions, which bears the cluster's name."""
    name = eks_name(context)
    return {"settings": {"clusterName": name, "interruptionQueue": name}, "replicas": context.replicas}


def objects(context: AddOnContext) -> Objects:
    """A class and a pool of general machines, in the cluster's own subnets and security group."""
    machine = {
        "role": node_role(context),
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": [{"tags": {"Name": f"{context.cluster}-nodes-*"}}],
        "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": eks_name(context)}}],
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
