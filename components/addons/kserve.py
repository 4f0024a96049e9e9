"""KServe: the controllers that serve models, in Standard mode.

Owns: domain, storage and local copies of models, for each of KServe's charts. Refuses to own: models and their routes
(components/serving).
Facts: kserve/kserve v0.20.0, charts/*.
"""

from __future__ import annotations

from typing import Any

from components.addons.envoy_gateway import GATEWAY_CLASS
from components.addons.manifests import Objects, manifest
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import merge

NAMESPACE = "kserve"
GATEWAY = "kserve-ingress-gateway"
"""The gateway that the charts look for (kserve.controller.gateway.ingressGateway.kserveGateway)."""


def values(context: AddOnContext) -> dict[str, Any]:
    """kserve-resources."""
    shared = _shared(context)
    if "kserve-localmodel" in context.add_ons:
        shared = merge(shared, {"kserve": {"localmodel": {"enabled": True}}})
    return shared


def llmisvc_values(context: AddOnContext) -> dict[str, Any]:
    """kserve-llmisvc-resources: the same gateway and storage, without the resources that both charts would make."""
    return _shared(context)


def runtimes_values(context: AddOnContext) -> dict[str, Any]:
    """kserve-runtime-configs: the configurations of LLMInferenceService only where its kind exists."""
    return {"kserve": {"llmisvcConfigs": {"enabled": "kserve-llmisvc" in context.add_ons}}}


def _shared(context: AddOnContext) -> dict[str, Any]:
    gateway: dict[str, Any] = {
        "ingressGateway": {"kserveGateway": f"{NAMESPACE}/{GATEWAY}", "className": GATEWAY_CLASS}
    }
    if context.domain:
        gateway["domain"] = context.domain
        gateway["urlScheme"] = "https"
    storage = _storage(context)
    return {"kserve": {"controller": {"gateway": gateway}, **({"storage": {"s3": storage}} if storage else {})}}


def _storage(context: AddOnContext) -> dict[str, str]:
    """The S3 store that weights are read from; values of this chart are strings, booleans too."""
    store = context.artefacts
    if store is None:
        return {}
    found = {"region": store.region}
    if store.endpoint:
        found |= {"endpoint": store.endpoint.split("://")[-1], "useHttps": "1", "useVirtualBucket": "false"}
    return found


def objects(context: AddOnContext) -> Objects:
    """The gateway that InferenceServices are reached through, with TLS where there is a domain to certify."""
    plain = {
        "name": "http",
        "port": 80,
        "protocol": "HTTP",
        "allowedRoutes": {"namespaces": {"from": "All"}},
    }
    listeners: list[dict[str, Any]] = [plain]
    if context.domain:
        listeners.append(
            {
                "name": "https",
                "hostname": f"*.{context.domain}",
                "port": 443,
                "protocol": "HTTPS",
                "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": f"{GATEWAY}-tls"}]},
                "allowedRoutes": {"namespaces": {"from": "All"}},
            }
        )
    spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": listeners}
    return Objects(before=(manifest("gateway.networking.k8s.io/v1", "Gateway", GATEWAY, NAMESPACE, spec=spec),))


def localmodel_objects(context: AddOnContext) -> Objects:
    """One group of nodes for each pool: where copies of models are kept on the nodes' own disks."""
    return Objects(
        after=tuple(
            manifest("serving.kserve.io/v1alpha1", "LocalModelNodeGroup", pool.name, spec=_node_group(pool.name))
            for pool in context.pools
        )
    )


def _node_group(pool: str, gib: int = 500) -> dict[str, Any]:
    """Room for `gib` of weights under /mnt/models, where the chart's agent keeps them."""
    size = {"storage": f"{gib}Gi"}
    on_pool = {"key": "ringfence.dev/pool", "operator": "In", "values": [pool]}
    volume = {
        "accessModes": ["ReadWriteOnce"],
        "volumeMode": "Filesystem",
        "capacity": size,
        "storageClassName": "local-storage",
        "local": {"path": "/mnt/models"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_pool]}]}},
    }
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "volumeMode": "Filesystem",
        "resources": {"requests": size},
        "storageClassName": "local-storage",
    }
    return {"storageLimit": f"{gib}Gi", "persistentVolumeSpec": volume, "persistentVolumeClaimSpec": claim}
