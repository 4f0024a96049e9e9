"""cert-manager: certificates for webhooks and gateways.

Owns: turning on Gateway API where its kinds exist. Refuses to own: issuers, which belong to whoever owns a domain.
Facts: cert-manager/cert-manager v1.21.1, deploy/charts/cert-manager/values.yaml (`config`).
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext


def values(context: AddOnContext) -> dict[str, Any]:
    """The controller's configuration; with Gateway API on, it does not start before the kinds exist."""
    if "envoy-gateway" not in context.add_ons:
        return {}
    return {
        "config": {
            "apiVersion": "controller.config.cert-manager.io/v1alpha1",
            "kind": "ControllerConfiguration",
            "gatewayAPI": {"enabled": True},
        }
    }
