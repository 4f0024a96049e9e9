"""The clusters that every add-on is tried on: each cloud, a data centre, an edge box, each way of sharing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringfence.planning.addon_context import AcceleratorPool, AddOnContext, BackupTarget, ObjectStore, Prices

PRICES = Prices(
    cpu_hour=0.03,
    memory_gib_hour=0.004,
    gpu_hour=2.5,
    storage_gib_month=0.05,
    egress_internet_gib=0.09,
    spot_discount=0.6,
)
BUCKET = ObjectStore(bucket="artefacts", region="eu-central-1", credentials="artefact-keys")
LOCAL_BUCKET = ObjectStore(
    bucket="artefacts", region="fra", endpoint="https://s3.fra.internal", credentials="artefact-keys"
)

MIG = AcceleratorPool(
    name="sliced", accelerator="nvidia-h100-80gb", per_node=8, nodes=2, sharing="mig", mig_layout={"1g.10gb": 7}
)
TIMED = AcceleratorPool(name="shared", accelerator="nvidia-l40s", per_node=4, nodes=2, sharing="time-slicing", slices=4)
VGPU = AcceleratorPool(
    name="virtual",
    accelerator="nvidia-l40s",
    per_node=4,
    nodes=2,
    sharing="vgpu",
    slices=4,
    vgpu_profile="NVIDIA L40S-12Q",
)
WHOLE = AcceleratorPool(name="whole", accelerator="nvidia-h100-80gb", per_node=8, nodes=4, fabric="infiniband")


def _cloud(provider: str, distribution: str, region: str) -> AddOnContext:
    return AddOnContext(
        cluster=f"{provider}-train",
        platform="acme",
        site=provider,
        site_kind="cloud",
        country="DE",
        distribution=distribution,  # ty: ignore[invalid-argument-type]
        provider=provider,  # ty: ignore[invalid-argument-type]
        region=region,
        kubernetes_version="1.34",
        domain=f"{provider}.ai.example",
        pools=(WHOLE, MIG, TIMED),
        tenants={"finance": "cc-1", "research": "cc-2"},
        storage_classes={"block": "fast", "file": "shared"},
        artefacts=BUCKET,
        backups=(BackupTarget(name="main", bucket="backups", provider=provider, region=region),),  # ty: ignore[invalid-argument-type]
        datadog_site="datadoghq.eu",
    )


AWS = _cloud("aws", "eks", "eu-central-1")
AZURE = _cloud("azure", "aks", "germanywestcentral")
GCP = _cloud("gcp", "gke", "europe-west4")
DATACENTRE = AddOnContext(
    cluster="fra",
    platform="acme",
    site="fra",
    site_kind="datacentre",
    country="DE",
    distribution="k0s",
    kubernetes_version="1.34",
    domain="fra.ai.example",
    api_server="10.0.1.70",
    pod_cidr="10.244.0.0/16",
    overlay="vxlan",
    mtu=1450,
    pools=(WHOLE, MIG, TIMED, VGPU),
    vgpu_manager="registry.fra.internal/nvidia/vgpu-manager:580.65.05",
    tenants={"finance": "cc-1"},
    storage_classes={"block": "fast", "file": "shared"},
    prices=PRICES,
    artefacts=LOCAL_BUCKET,
    backups=(
        BackupTarget(
            name="paris",
            bucket="backups",
            provider="s3",
            region="par",
            endpoint="https://s3.par.internal",
            credentials="paris",
        ),
    ),
    remote_write="https://metrics.fra.ai.example/api/v1/write",
    logs_url="https://logs.fra.ai.example/otlp/v1/logs",
    datadog_site="datadoghq.eu",
)
EDGE = replace(
    DATACENTRE,
    cluster="shop",
    site="shop",
    site_kind="edge",
    overlay="none",
    delivery="pull",
    connected=False,
    registry="registry.shop.internal:5000",
    pools=(TIMED,),
    backups=(),
    storage_classes={},
    remote_write=None,
)
CONTEXTS = {context.cluster: context for context in (AWS, AZURE, GCP, DATACENTRE, EDGE)}


def variants() -> Iterator[tuple[str, AddOnContext]]:
    """Every cluster, and the data centre with each way of sharing alone and each overlay."""
    yield from CONTEXTS.items()
    for pool in (MIG, TIMED, VGPU, WHOLE):
        yield f"fra-{pool.sharing}", replace(DATACENTRE, pools=(pool,))
    for overlay in ("none", "geneve", "wireguard"):
        yield f"fra-{overlay}", replace(DATACENTRE, overlay=overlay)
    yield "aks-operator-driver", replace(AZURE, driver="operator")
    yield "fra-bare", replace(DATACENTRE, artefacts=None, backups=(), storage_classes={}, domain=None, dashboards=False)
