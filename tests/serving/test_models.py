"""Models on a cluster: the exact objects, and the traps of KServe 0.20 in Standard mode."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.planning import tenancy
from ringfence.planning.serving.models import served_model_manifests
from ringfence.planning.serving.replica import ServingError, fit_of, replica_of
from ringfence.spec.platform import Platform
from tests.serving.platforms import manifests, platform, predictor
from tests.support.kubernetes import problems, shared_definitions

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_the_whole_service() -> None:
    assert manifests()["InferenceService/chat"] == {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": "chat",
            "namespace": "research-models",
            "labels": {
                "app.kubernetes.io/part-of": "acme",
                "app.kubernetes.io/managed-by": "ringfence",
                "ringfence.dev/environment": "prod",
                "ringfence.dev/site": "dc",
                "ringfence.dev/jurisdiction": "DE",
                "ringfence.dev/data-class": "public",
                "ringfence.dev/tenant": "research",
                "ringfence.dev/cost-center": "4740",
                "kueue.x-k8s.io/queue-name": "nvidia-h100-80gb",
                "kueue.x-k8s.io/priority-class": "ringfence-serving",
                "networking.kserve.io/visibility": "cluster-local",
            },
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                "serving.kserve.io/autoscalerClass": "none",
            },
        },
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "maxReplicas": 1,
                "serviceAccountName": "models",
                "automountServiceAccountToken": False,
                "priorityClassName": "ringfence-serving",
                "nodeSelector": {"ringfence.dev/pool": "h100"},
                "tolerations": [
                    {"key": "ringfence.dev/accelerated", "operator": "Equal", "value": "h100", "effect": "NoSchedule"},
                    {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
                ],
                "deploymentStrategy": ROLLING,
                "model": {
                    "modelFormat": {"name": "vllm"},
                    "runtime": "kserve-vllmserver",
                    "storageUri": "oci://registry.fra.example/models/chat:2026.11",
                    "args": [
                        "--served-model-name=chat",
                        "--max-model-len=8192",
                        "--max-num-seqs=8",
                        "--dtype=bfloat16",
                    ],
                    "env": [{"name": "MODEL_DIR", "value": "/mnt/models"}, {"name": "HF_HUB_OFFLINE", "value": "1"}],
                    "ports": [{"containerPort": 8000, "protocol": "TCP"}],
                    "resources": {
                        "requests": {"cpu": "4", "memory": "25Gi", "nvidia.com/gpu": "1"},
                        "limits": {"cpu": "4", "memory": "25Gi", "nvidia.com/gpu": "1"},
                    },
                },
            }
        },
    }


def test_a_service_limits_its_cpu_because_the_runtimes_limit_it_to_one_core() -> None:
    """KServe merges resources key by key: a request of 4 cores beside the runtime's limit of 1 is refused."""
    for runtime in ("vllm", "huggingface", "triton", "torchserve", "tensorflow", "sklearn"):
        asked = predictor({"runtime": runtime})["model"]["resources"]
        assert asked["limits"] == asked["requests"]


def test_a_canary_is_a_service_of_its_own() -> None:
    """KServe reads canaryTrafficPercent in Knative mode only: in Standard mode it would be a dead value."""
    made = manifests(
        {
            "canary": {"source": "oci://registry.fra.example/models/chat:next", "percent": 20},
            "autoscaling": {"minReplicas": 2, "maxReplicas": 10},
        }
    )

    stable, canary = made["InferenceService/chat"]["spec"], made["InferenceService/chat-canary"]["spec"]
    assert "canaryTrafficPercent" not in stable["predictor"]
    assert "canary" not in stable
    assert canary["predictor"]["model"]["storageUri"] == "oci://registry.fra.example/models/chat:next"
    assert canary["predictor"]["model"]["args"][0] == "--served-model-name=chat"
    assert (canary["predictor"]["minReplicas"], canary["predictor"]["maxReplicas"]) == (1, 2)


def test_keda_gets_a_value_because_kserve_reads_no_other_target() -> None:
    """An averageValue without a value is a nil pointer in KServe's controller."""
    scaled = predictor({"autoscaling": {"minReplicas": 1, "maxReplicas": 4, "target": 12}})

    [metric] = scaled["autoScaling"]["metrics"]
    assert metric == {
        "type": "External",
        "external": {
            "metric": {
                "backend": "prometheus",
                "serverAddress": "http://prometheus-operated.monitoring.svc:9090",
                "query": 'sum(vllm:num_requests_running{namespace="research-models", pod=~"chat-predictor-.*"})'
                ' + sum(vllm:num_requests_waiting{namespace="research-models", pod=~"chat-predictor-.*"})',
            },
            "target": {"type": "Value", "value": "12"},
        },
    }
    annotations = manifests({"autoscaling": {"maxReplicas": 4}})["InferenceService/chat"]["metadata"]["annotations"]
    assert annotations["serving.kserve.io/autoscalerClass"] == "keda"


def test_a_model_without_replicas_is_woken_by_the_gateway() -> None:
    """No pod is there whose metrics could say that somebody waits."""
    scaled = predictor({"autoscaling": {"minReplicas": 0, "maxReplicas": 2}})

    query = scaled["autoScaling"]["metrics"][0]["external"]["metric"]["query"]
    assert query == 'sum(envoy_cluster_upstream_rq_active{envoy_cluster_name=~"httproute/ringfence-gateway/chat/.*"})'


def test_mig_slices_are_asked_for_by_name() -> None:
    sharing = {"kind": "mig", "layout": {"1g.10gb": 2, "3g.40gb": 1}}
    raw = platform(
        {"placements": [{"cluster": "fra", "pool": "h100", "profile": "3g.40gb"}]}, {"sharing": sharing}
    ).model_dump(by_alias=True, mode="json")
    for tenant in raw["tenants"].values():
        tenant["quotas"] = {}
    raw["tenants"]["research"]["quotas"] = {"fra": {"h100": {"profile": "3g.40gb"}}}
    [service, *_] = served_model_manifests(Platform.model_validate(raw), "chat", "fra")

    assert service["spec"]["predictor"]["model"]["resources"]["limits"]["nvidia.com/mig-3g.40gb"] == "1"
    assert "nvidia.com/gpu" not in service["spec"]["predictor"]["model"]["resources"]["limits"]
    assert service["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "nvidia-h100-80gb-mig-3g-40gb"


def test_a_replica_over_two_nodes_is_an_llm_inference_service() -> None:
    made = manifests({"acceleratorsPerReplica": 16, "parametersBillions": 405.85}, pool={"acceleratorsPerNode": 8})

    assert list(made) == ["LLMInferenceService/chat"]
    spec = made["LLMInferenceService/chat"]["spec"]
    assert spec["parallelism"] == {"tensor": 8, "pipeline": 2}
    assert spec["replicas"] == 1
    assert "scaling" not in spec
    assert spec["worker"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "8"
    assert spec["labels"]["kueue.x-k8s.io/queue-name"] == "nvidia-h100-80gb"


def test_on_a_shared_device_the_engine_takes_its_part_of_the_memory_only() -> None:
    """Time slices divide time, not memory: vLLM would take nine tenths of the device and starve the others."""
    sliced = predictor(pool={"sharing": {"kind": "time-slicing", "replicas": 4}})

    assert "--gpu-memory-utilization=0.23" in sliced["model"]["args"]
    assert not any("gpu-memory" in argument for argument in predictor()["model"]["args"])


def test_one_node_is_tensor_parallel_in_an_inference_service() -> None:
    made = predictor({"acceleratorsPerReplica": 4, "parametersBillions": 70.55})

    assert "--tensor-parallel-size=4" in made["model"]["args"]
    assert made["model"]["resources"]["limits"]["nvidia.com/gpu"] == "4"


def test_several_replicas_are_drained_and_rolled_out_one_at_a_time() -> None:
    """With every device in use a new replica finds no room beside the old ones."""
    made = manifests({"autoscaling": {"minReplicas": 2, "maxReplicas": 2}})

    assert made["PodDisruptionBudget/chat"]["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": {"serving.kserve.io/inferenceservice": "chat"}},
    }
    strategy = made["InferenceService/chat"]["spec"]["predictor"]["deploymentStrategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert "PodDisruptionBudget/chat" not in manifests()


def test_metrics_are_fetched_where_there_is_a_prometheus() -> None:
    endpoint = manifests()["PodMonitor/chat"]["spec"]["podMetricsEndpoints"]

    assert endpoint == [{"portNumber": 8000, "path": "/metrics", "interval": "15s"}]
    assert "PodMonitor/chat" not in manifests(without=("kube-prometheus-stack",))
    assert "PodMonitor/chat" not in manifests({"runtime": "sklearn"})


def test_without_kueue_there_is_no_queue_label() -> None:
    labels = manifests(without=("kueue",))["InferenceService/chat"]["metadata"]["labels"]

    assert not [key for key in labels if key.startswith("kueue")]


@pytest.mark.parametrize(
    ("model", "changes", "said"),
    [
        ({"autoscaling": {"maxReplicas": 3}}, {"without": ("keda",)}, "add clusters.fra.addOns.keda"),
        ({"acceleratorsPerReplica": 20}, {"without": ("kserve-llmisvc", "lws")}, "needs add-ons kserve-llmisvc, lws"),
        ({"acceleratorsPerReplica": 11}, {}, "11 does not divide over 2 nodes of 10"),
        (
            {"acceleratorsPerReplica": 2},
            {"pool": {"sharing": {"kind": "time-slicing", "replicas": 4}}},
            "2 parts of shared devices cannot hold one copy together",
        ),
        (
            {"source": "hf://org/m", "promptClasses": ["patient"]},
            {},
            "would open the internet to pods that process patient",
        ),
        (
            {"runtime": "sklearn", "autoscaling": {"maxReplicas": 3, "metric": "queue-length"}},
            {},
            "queue-length cannot decide (sklearn does not measure it); use concurrency, gpu-utilisation",
        ),
        (
            {"autoscaling": {"minReplicas": 0, "maxReplicas": 3, "metric": "queue-length"}},
            {},
            "use concurrency, or minReplicas: 1",
        ),
        ({"placements": [{"cluster": "fra", "pool": "h100"}] * 2}, {}, "fra must be there once, not 2 times"),
    ],
)
def test_what_cannot_be_served_is_said_with_its_path(model: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ServingError, match=r"models\.chat") as raised:
        served_model_manifests(platform(model, **changes), "chat", "fra")
    assert said in str(raised.value)


def test_a_tenant_without_a_share_of_the_pool_serves_nothing_there() -> None:
    raw = platform().model_dump(by_alias=True, mode="json")
    raw["tenants"]["research"]["quotas"] = {}

    with pytest.raises(ServingError, match=r"add tenants\.research\.quotas\.fra\.h100"):
        served_model_manifests(Platform.model_validate(raw), "chat", "fra")


def test_weights_from_the_internet_open_it_for_that_model_only() -> None:
    made = manifests({"source": "hf://org/m"})

    assert made["NetworkPolicy/allow-weights-chat"]["spec"] == {
        "podSelector": {"matchLabels": {"serving.kserve.io/inferenceservice": "chat"}},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
    }
    assert "NetworkPolicy/allow-weights-chat" not in manifests()


def test_the_models_namespace_has_room_for_every_replica_and_one_more() -> None:
    served = platform({"autoscaling": {"maxReplicas": 3}, "acceleratorsPerReplica": 4, "parametersBillions": 70.55})
    replica = replica_of(served, "chat", "fra")
    [quota] = [
        each
        for each in tenancy.tenant_manifests(served, "fra", "research")
        if each["kind"] == "ResourceQuota" and each["metadata"]["namespace"] == "research-models"
    ]

    assert (replica.millicpus, replica.memory_gib) == (16000, 153)
    assert quota["spec"]["hard"]["requests.cpu"] == "68"
    assert quota["spec"]["hard"]["limits.memory"] == "620Gi"
    assert quota["spec"]["hard"]["pods"] == "4"


def test_a_model_that_does_not_fit_its_slice_is_found() -> None:
    small = {"sharing": {"kind": "mig", "layout": {"1g.10gb": 7}}}
    served = platform({"placements": [{"cluster": "fra", "pool": "h100", "profile": "1g.10gb"}]}, small)

    fit = fit_of(served, "chat", "fra")
    assert fit is not None
    assert not fit.fits
    assert "1g.10gb of nvidia-h100-80gb" in fit.message
    whole = fit_of(platform(), "chat", "fra")
    assert whole is not None
    assert whole.fits


@shared_definitions
@pytest.mark.parametrize(
    ("model", "pool"),
    [
        ({}, {}),
        ({"autoscaling": {"minReplicas": 2, "maxReplicas": 4}, "canary": {"source": "s3://b/m", "percent": 5}}, {}),
        ({"source": "hf://org/m", "runtime": "huggingface"}, {}),
        ({"runtime": "triton", "autoscaling": {"maxReplicas": 2, "metric": "gpu-utilisation", "target": 70}}, {}),
        ({"acceleratorsPerReplica": 16, "precision": "fp8"}, {"acceleratorsPerNode": 8}),
    ],
)
def test_every_object_passes_its_schema_strictly(model: dict[str, Any], pool: dict[str, Any]) -> None:
    assert problems(manifests(model, pool=pool).values()) == []
