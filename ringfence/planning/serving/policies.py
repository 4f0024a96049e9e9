"""Policies of a gateway's routes: who a caller is, who may ask, when the next target is tried, and for how many tokens.

Owns: SecurityPolicy and BackendTrafficPolicy. Refuses to own: the routes that they guard (gateway.py).
"""

from __future__ import annotations

from ringfence.planning.labels import Tags
from ringfence.planning.serving.demand import daily_limit
from ringfence.planning.serving.installed import has_add_on
from ringfence.planning.serving.routes import speaks_openai
from ringfence.planning.tenancy.names import Manifest, metadata
from ringfence.spec.platform import Platform

NAMESPACE = "ringfence-gateway"
POLICY_API = "gateway.envoyproxy.io/v1alpha1"
CLIENT_HEADER = "x-ringfence-client"
CLIENTS_SECRET = "model-clients"
TOKENS_KEY = "llm_total_token"
TOKENS_NAMESPACE = "io.envoy.ai_gateway"
"""Where the AI gateway leaves a request's tokens for the rate limit (envoyproxy/ai-gateway, usage-based limits)."""


def http_route(name: str) -> Manifest:
    """The HTTPRoute that the AI gateway makes of its own route, by the same name."""
    return {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": name}


def security_policy(name: str, target: Manifest, clients: list[str], tags: Tags) -> Manifest:
    """Who a caller is, by its key, and that nobody but `clients` may ask."""
    rules = [
        {
            "name": "clients",
            "action": "Allow",
            "principal": {"headers": [{"name": CLIENT_HEADER, "values": clients}]},
        }
    ]
    return {
        "apiVersion": POLICY_API,
        "kind": "SecurityPolicy",
        "metadata": metadata(name, tags, NAMESPACE),
        "spec": {
            "targetRefs": [target],
            "apiKeyAuth": {
                "credentialRefs": [{"name": CLIENTS_SECRET}],
                "extractFrom": [{"headers": ["Authorization", "x-api-key"]}],
                "forwardClientIDHeader": CLIENT_HEADER,
                "sanitize": True,
            },
            "authorization": {"defaultAction": "Deny", **({"rules": rules} if clients else {})},
        },
    }


def traffic_policy(
    platform: Platform, cluster: str, name: str, model: str, clients: list[str], targets: int, tags: Tags
) -> Manifest:
    """When the next target is tried, and how many tokens each client may use in a day."""
    triggers = ["connect-failure", "refused-stream", "reset", "retriable-status-codes"]
    spec: Manifest = {
        "targetRefs": [http_route(name)],
        "retry": {
            "numAttemptsPerPriority": 1,
            "numRetries": max(targets, 2),
            "retryOn": {"triggers": triggers, "httpStatusCodes": [500, 502, 503, 504]},
            "perRetry": {"backOff": {"baseInterval": "100ms", "maxInterval": "10s"}},
        },
        "healthCheck": {
            "passive": {
                "baseEjectionTime": "30s",
                "interval": "2s",
                "maxEjectionPercent": 100,
                "consecutive5XxErrors": 3,
            }
        },
    }
    spec_of_model = platform.models[model]
    limit = daily_limit(spec_of_model.demand) if speaks_openai(platform, model) else None
    if limit and has_add_on(platform, cluster, "redis"):
        spec["rateLimit"] = {"type": "Global", "global": {"rules": [_token_limit(name, limit) for name in clients]}}
    return {
        "apiVersion": POLICY_API,
        "kind": "BackendTrafficPolicy",
        "metadata": metadata(name, tags, NAMESPACE),
        "spec": spec,
    }


def _token_limit(client: str, tokens_per_day: int) -> Manifest:
    """A request costs nothing when it comes, and its tokens when it has been answered."""
    return {
        "clientSelectors": [{"headers": [{"type": "Exact", "name": CLIENT_HEADER, "value": client}]}],
        "limit": {"requests": tokens_per_day, "unit": "Day"},
        "cost": {
            "request": {"from": "Number", "number": 0},
            "response": {"from": "Metadata", "metadata": {"namespace": TOKENS_NAMESPACE, "key": TOKENS_KEY}},
        },
    }
