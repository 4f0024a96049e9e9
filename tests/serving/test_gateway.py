"""Routes in order and within the law, and the gateway's objects, whole."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from components.addons import envoy_gateway
from ringfence.planning.serving import gateway
from ringfence.planning.serving.routes import RouteError, fallback_chain, peers_of, route_of
from ringfence.spec.platform import Platform
from tests.serving.platforms import CHAT
from tests.support.kubernetes import problems, shared_definitions
from tests.tenancy.platforms import FIFTY

API = {"kind": "api", "tenant": "research", "service": "frontier", "modelId": "frontier-5", "promptClasses": ["public"]}


def platform(models: dict[str, Any], *, far: dict[str, Any] | None = None, service: str = "US") -> Platform:
    """Two clusters with gateways, `fra` in DE and `par` (FR unless `far` says otherwise), and one outside service."""
    raw = deepcopy(FIFTY)
    raw["clusters"]["fra"]["addOns"] = {name: {} for name in ("ai-gateway", "keda", "kserve", "kueue")}
    raw["sites"]["paris"] = {**raw["sites"]["dc"], "country": "FR", **(far or {})}
    raw["clusters"]["par"] = {
        **deepcopy(raw["clusters"]["fra"]),
        "site": "paris",
        "domain": "par.ai.example",
        "network": {"nodes": "10.40.0.0/22", "pods": "10.41.0.0/16", "services": "10.42.0.0/16"},
    }
    raw["tenants"]["research"]["clusters"] = ["fra", "par"]
    raw["tenants"]["research"]["quotas"]["par"] = {"h100": {}}
    operator = {"name": "Frontier", "country": service}
    raw["services"] = {
        "frontier": {
            "host": "api.frontier.example",
            "country": service,
            "operator": operator,
            "credentials": "keys/llm",
        }
    }
    raw["models"] = {
        name: API | model if model.get("kind") == "api" else CHAT | model for name, model in models.items()
    }
    return Platform.model_validate(raw)


BOTH = [{"cluster": "par", "pool": "h100"}, {"cluster": "fra", "pool": "h100"}]
CANARY = {"source": "oci://registry.fra.example/models/chat:next", "percent": 10}


def steps(served: Platform, model: str = "chat", cluster: str = "fra") -> list[tuple[int, str, str, int]]:
    """Priority, kind, name and weight of each target."""
    return [(t.priority, t.kind, t.name, t.weight) for t in route_of(served, model, cluster).targets]


def test_here_first_then_other_clusters_then_fallbacks_in_order() -> None:
    served = platform(
        {
            "chat": {"placements": BOTH, "canary": CANARY, "fallbacks": [{"model": "small"}, {"model": "frontier"}]},
            "small": {"placements": BOTH[:1]},
            "frontier": {"kind": "api"},
        }
    )

    assert steps(served) == [
        (0, "here", "chat", 90),
        (0, "here", "chat-canary", 10),
        (1, "cluster", "par", 100),
        (2, "cluster", "par", 100),
        (3, "service", "frontier", 100),
    ]


def test_a_fallback_that_would_take_prompts_out_of_their_jurisdiction_is_not_in_the_route() -> None:
    """The AI gateway fails over by itself: a backend of lower priority is a way out of the country."""
    served = platform(
        {
            "chat": {"promptClasses": ["patient"], "fallbacks": [{"model": "frontier"}]},
            "frontier": {"kind": "api", "promptClasses": []},
        }
    )

    route = route_of(served, "chat", "fra")
    assert [target.kind for target in route.targets] == ["here"]
    [left] = route.left_out
    assert (left.model, left.name) == ("frontier", "frontier")
    assert left.reason == "prompts of class patient would be processed in US"
    [rule] = find(gateway.gateway_manifests(served, "fra"), "AIGatewayRoute", "chat")["spec"]["rules"]
    assert [ref["name"] for ref in rule["backendRefs"]] == ["model.chat"]


def test_answers_may_repeat_what_the_weights_learned() -> None:
    served = platform({"chat": {"placements": BOTH[1:], "lineage": {"trainedOn": ["scans"]}}})
    raw = served.model_dump(by_alias=True, mode="json")
    raw["sites"]["paris"]["country"] = "US"
    raw["datasets"] = {"scans": {"dataClass": "patient", "site": "dc", "sizeGib": 1}}
    route = route_of(Platform.model_validate(raw), "chat", "par")

    assert route.targets == ()
    assert route.left_out[0].reason == "answers of class patient would be processed in US"


@pytest.mark.parametrize(
    ("far", "reason"),
    [
        ({"reachability": "disconnected", "registry": "r.example"}, "par is disconnected"),
        ({"country": "FR"}, None),
    ],
)
def test_a_disconnected_site_is_in_nobodys_route(far: dict[str, Any], reason: str | None) -> None:
    route = route_of(platform({"chat": {"placements": BOTH}}, far=far), "chat", "fra")

    assert [left.reason for left in route.left_out] == ([reason] if reason else [])


def test_fallbacks_in_a_circle_are_refused_with_the_circle() -> None:
    served = platform({"chat": {"fallbacks": [{"model": "small"}]}, "small": {"fallbacks": [{"model": "chat"}]}})

    with pytest.raises(RouteError, match="chat -> small -> chat"):
        fallback_chain(served, "chat")


def test_a_shared_fallback_is_no_circle() -> None:
    served = platform(
        {
            "chat": {"fallbacks": [{"model": "small"}, {"model": "tiny"}]},
            "small": {"fallbacks": [{"model": "tiny"}]},
            "tiny": {},
        }
    )

    assert fallback_chain(served, "chat") == ("chat", "small", "tiny")


def find(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """The one object of a kind and name."""
    [found] = [each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def test_the_objects_of_a_route() -> None:
    served = platform(
        {
            "chat": {"canary": CANARY, "fallbacks": [{"model": "frontier"}], "demand": {"tokensPerDay": 5_000_000}},
            "frontier": {"kind": "api"},
        }
    )
    made = gateway.gateway_manifests(served, "fra")

    assert find(made, "AIGatewayRoute", "chat")["spec"] == {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "models"}],
        "rules": [
            {
                "matches": [{"headers": [{"type": "Exact", "name": "x-ai-eg-model", "value": "chat"}]}],
                "backendRefs": [
                    {"name": "model.chat", "priority": 0, "weight": 90, "modelNameOverride": "chat"},
                    {"name": "model.chat-canary", "priority": 0, "weight": 10, "modelNameOverride": "chat"},
                    {"name": "service.frontier", "priority": 1, "weight": 100, "modelNameOverride": "frontier-5"},
                ],
                "timeouts": {"request": "600s"},
                "modelsOwnedBy": "research",
            }
        ],
        "llmRequestCosts": [{"metadataKey": "llm_total_token", "type": "TotalToken"}],
    }
    assert find(made, "BackendTrafficPolicy", "chat")["spec"]["rateLimit"] == {
        "type": "Global",
        "global": {
            "rules": [
                {
                    "clientSelectors": [
                        {"headers": [{"type": "Exact", "name": "x-ringfence-client", "value": "research"}]}
                    ],
                    "limit": {"requests": 5_000_000, "unit": "Day"},
                    "cost": {
                        "request": {"from": "Number", "number": 0},
                        "response": {
                            "from": "Metadata",
                            "metadata": {"namespace": "io.envoy.ai_gateway", "key": "llm_total_token"},
                        },
                    },
                }
            ]
        },
    }
    assert find(made, "Backend", "service.frontier")["spec"] == {
        "endpoints": [{"fqdn": {"hostname": "api.frontier.example", "port": 443}}],
        "tls": {"wellKnownCACertificates": "System"},
    }
    assert find(made, "BackendSecurityPolicy", "service.frontier")["spec"] == {
        "targetRefs": [{"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": "service.frontier"}],
        "type": "APIKey",
        "apiKey": {"secretRef": {"name": "keys-llm"}},
    }
    assert find(made, "Backend", "model.chat")["spec"]["endpoints"] == [
        {"fqdn": {"hostname": "chat-predictor.research-models.svc.cluster.local", "port": 80}}
    ]


def test_only_the_owner_may_ask_and_nobody_past_the_routes() -> None:
    made = gateway.gateway_manifests(platform({"chat": {}}), "fra")

    own = find(made, "SecurityPolicy", "chat")["spec"]["authorization"]
    assert own == {
        "defaultAction": "Deny",
        "rules": [
            {
                "name": "clients",
                "action": "Allow",
                "principal": {"headers": [{"name": "x-ringfence-client", "values": ["research"]}]},
            }
        ],
    }
    everything = find(made, "SecurityPolicy", "models")["spec"]
    assert everything["targetRefs"][0]["kind"] == "Gateway"
    assert everything["authorization"] == {"defaultAction": "Deny"}


def test_another_gateway_asks_for_this_clusters_replicas_only() -> None:
    """Without a route of its own, two clusters that fall back on each other would pass a request to and fro."""
    served = platform({"chat": {"placements": BOTH, "fallbacks": [{"model": "frontier"}]}, "frontier": {"kind": "api"}})
    made = gateway.gateway_manifests(served, "par")

    assert peers_of(served, "par") == {"chat": ("fra",)}
    [rule] = find(made, "AIGatewayRoute", "peer.chat")["spec"]["rules"]
    assert rule["matches"][0]["headers"][0]["value"] == "peer/chat"
    assert [ref["name"] for ref in rule["backendRefs"]] == ["model.chat"]
    policy = find(made, "SecurityPolicy", "peer.chat")["spec"]["authorization"]
    assert policy["rules"][0]["principal"]["headers"][0]["values"] == ["cluster.fra"]
    asked = find(gateway.gateway_manifests(served, "fra"), "AIGatewayRoute", "chat")["spec"]["rules"][0]
    assert asked["backendRefs"][1] == {
        "name": "cluster.par",
        "priority": 1,
        "weight": 100,
        "modelNameOverride": "peer/chat",
    }


def test_other_models_are_asked_by_path_and_split_by_weight() -> None:
    made = gateway.gateway_manifests(platform({"chat": {"runtime": "sklearn", "canary": CANARY}}), "fra")

    [rule] = find(made, "HTTPRoute", "chat")["spec"]["rules"]
    assert [match["path"]["value"] for match in rule["matches"]] == ["/v1/models/chat", "/v2/models/chat"]
    assert [(ref["name"], ref["weight"]) for ref in rule["backendRefs"]] == [
        ("model.chat", 90),
        ("model.chat-canary", 10),
    ]
    assert not [each for each in made if each["kind"] == "AIGatewayRoute"]


def test_a_gateway_without_a_name_stays_in_the_cluster() -> None:
    raw = platform({"chat": {}}).model_dump(by_alias=True, mode="json")
    raw["clusters"]["fra"]["domain"] = None
    made = gateway.gateway_manifests(Platform.model_validate(raw), "fra")

    service = find(made, "EnvoyProxy", "models")["spec"]["provider"]["kubernetes"]["envoyService"]
    assert service == {"type": "ClusterIP", "name": "models"}
    assert find(made, "Gateway", "models")["spec"]["listeners"][0]["protocol"] == "HTTP"


def test_the_class_is_the_one_that_the_add_on_makes() -> None:
    assert gateway.GATEWAY_CLASS == envoy_gateway.GATEWAY_CLASS


@shared_definitions
@pytest.mark.parametrize("cluster", ["fra", "par"])
def test_every_object_passes_its_schema_strictly(cluster: str) -> None:
    served = platform(
        {
            "chat": {"placements": BOTH, "canary": CANARY, "fallbacks": [{"model": "frontier"}]},
            "score": {"runtime": "sklearn", "placements": BOTH},
            "frontier": {"kind": "api", "demand": {"tokensPerDay": 1000}},
        }
    )

    assert problems(gateway.gateway_manifests(served, cluster)) == []
