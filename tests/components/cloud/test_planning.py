"""ringfence.planning.cloud: subnets that never meet, names that stay apart, and pools as each cloud takes them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.cloud import Unplannable, aws, azure, gcp, lustre, names
from ringfence.planning.cloud.control_plane import public_cidrs
from ringfence.planning.cloud.kubeconfig import aks_kubeconfig_from, eks_kubeconfig, gke_kubeconfig
from ringfence.planning.cloud.principals import native_groups
from ringfence.planning.cloud.schedule import aws_cron, repeat
from ringfence.spec.cluster import Cluster, ManagedControlPlane, StorageTier
from ringfence.spec.site import CloudSite

AWS = CloudSite(kind="cloud", provider="aws", region="eu-central-1", account="123456789012")
AZURE = CloudSite(kind="cloud", provider="azure", region="germanywestcentral", account="0000-1111")
GCP = CloudSite(kind="cloud", provider="gcp", region="europe-west4", account="acme")


def cluster(provider: str, **pools: dict) -> Cluster:
    kinds = {"aws": "m6i.2xlarge", "azure": "Standard_D8s_v5", "gcp": "n2-standard-8"}
    system = {"instance_type": kinds[provider], "nodes": 3, "capacity": {"kind": "on-demand"}}
    return Cluster.model_validate(
        {
            "site": "there",
            "kubernetes_version": "1.34",
            "control_plane": {"kind": "managed"},
            "network": {"nodes": "10.16.0.0/16", "pods": "100.64.0.0/16", "services": "172.20.0.0/20"},
            "pools": {"system": system, **pools},
        }
    )


P5 = {
    "accelerator": "nvidia-h100-80gb",
    "instance_type": "p5.48xlarge",
    "min_nodes": 0,
    "max_nodes": 4,
    "capacity": {"kind": "reserved", "reservation": "cr-1", "block": True, "ends": "2027-03-31"},
    "fabric": "efa",
    "placement": "cluster",
}


def test_a_capacity_block_with_efa_becomes_one_row() -> None:
    _, row = aws.plan_node_groups(AWS, cluster("aws", h100=P5), {"h100": {"nvidia.com/mig.config": "h100"}})
    assert row == aws.AwsNodeGroup(
        name="h100",
        instance_type="p5.48xlarge",
        capacity_type="CAPACITY_BLOCK",
        reservation="cr-1",
        zones=("eu-central-1a",),
        smallest=0,
        largest=4,
        ami_type="AL2023_x86_64_NVIDIA",
        efa_interfaces=32,
        cluster_placement=True,
        labels={"ringfence.dev/pool": "h100", "nvidia.com/mig.config": "h100"},
        taints=({"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"},),
        accelerators=8,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capacity": {"kind": "spot", "max_usd_per_hour": 9.0}}, "take no price limit"),
        ({"capacity": {"kind": "flex"}}, "AWS has on-demand, spot and reserved, not flex"),
        ({"fabric": "infiniband"}, "AWS has ethernet and efa, not infiniband"),
        ({"zones": ("eu-central-1z",)}, "eu-central-1z not among the site's"),
        ({"instance_type": None}, "h100.instanceType"),
    ],
)
def test_aws_refuses_pools_that_it_cannot_have(change: dict, words: str) -> None:
    with pytest.raises(Unplannable, match=words):
        aws.plan_node_groups(AWS, cluster("aws", h100={**P5, **change}))


@pytest.mark.parametrize(
    ("kind", "accelerator", "image"),
    [
        ("m7g.xlarge", None, "AL2023_ARM_64_STANDARD"),
        ("c8gn.4xlarge", None, "AL2023_ARM_64_STANDARD"),
        ("g5.12xlarge", "nvidia-a10g", "AL2023_x86_64_NVIDIA"),
        ("gr6.4xlarge", "nvidia-l4", "AL2023_x86_64_NVIDIA"),
        ("p6-b200.48xlarge", "nvidia-b200", "AL2023_x86_64_NVIDIA"),
        ("p6e-gb200.36xlarge", "nvidia-gb200", "AL2023_ARM_64_NVIDIA"),
    ],
)
def test_the_image_fits_the_processor(kind: str, accelerator: str | None, image: str) -> None:
    assert aws.ami_type(kind, accelerator) == image


def test_flex_starts_from_nothing_and_reservations_are_named() -> None:
    a3 = {"accelerator": "nvidia-h100-80gb", "instance_type": "a3-megagpu-8g", "fabric": "gpudirect-tcpx", "nodes": 2}
    rows = gcp.plan_node_pools(
        GCP,
        cluster(
            "gcp",
            flex={**a3, "capacity": {"kind": "flex"}},
            kept={**a3, "capacity": {"kind": "reserved", "reservation": "r"}, "placement": "cluster"},
        ),
    )
    _, flex, kept = rows
    assert (flex.flex, flex.smallest, flex.largest, flex.gpudirect, flex.accelerators) == (True, 0, 2, True, 8)
    assert (kept.reservation, kept.smallest, kept.compact, kept.zones) == ("r", 2, True, ("europe-west4-a",))
    assert flex.accelerator_type == "nvidia-h100-mega-80gb" or flex.accelerator_type == "nvidia-h100-80gb"


def test_the_system_pool_of_azure_comes_first() -> None:
    gpu = {
        "accelerator": "nvidia-t4",
        "instance_type": "Standard_NC64as_T4_v3",
        "nodes": 2,
        "capacity": {"kind": "spot"},
    }
    spec = cluster("azure", **{"long-named-gpus": gpu})
    reordered = spec.model_copy(update={"pools": dict(reversed(spec.pools.items()))})
    system, gpus = azure.plan_agent_pools(AZURE, reordered)
    assert (system.name, system.system, gpus.system) == ("system", True, False)
    assert len(gpus.agent_pool_name) == 12
    assert gpus.agent_pool_name.startswith("longname")
    assert (gpus.spot, gpus.spot_max_price, gpus.accelerators) == (True, -1.0, 4)
    assert gpus.taints == ("nvidia.com/gpu=present:NoSchedule",)
    with pytest.raises(Unplannable, match="for its own pods"):
        azure.plan_agent_pools(AZURE, spec.model_copy(update={"pools": {"gpus": spec.pools["long-named-gpus"]}}))


def test_azure_wants_whole_ids_and_distinct_names() -> None:
    gpu = {
        "instance_type": "Standard_ND96isr_H100_v5",
        "nodes": 1,
        "capacity": {"kind": "reserved", "reservation": "mine"},
    }
    with pytest.raises(Unplannable, match="needs the whole id"):
        azure.plan_agent_pools(AZURE, cluster("azure", gpu=gpu))
    cpu = {"instance_type": "Standard_D8s_v5", "nodes": 1, "capacity": {"kind": "on-demand"}}
    with pytest.raises(Unplannable, match="two pools have the same name"):
        azure.plan_agent_pools(AZURE, cluster("azure", **{"a-b": cpu, "ab": cpu}))


def test_a_public_endpoint_needs_an_admin_network() -> None:
    assert public_cidrs(ManagedControlPlane(kind="managed")) is None
    closed = ManagedControlPlane(kind="managed", public_endpoint=True, admin_cidrs=("192.0.2.0/24",))
    assert public_cidrs(closed) == ("192.0.2.0/24",)
    for admins in ((), ("0.0.0.0/0",), ("192.0.2.0/24", "::/0")):
        with pytest.raises(Unplannable, match="adminCidrs"):
            public_cidrs(ManagedControlPlane(kind="managed", public_endpoint=True, admin_cidrs=admins))


def test_logs_are_never_kept_for_less_than_asked() -> None:
    assert [aws.log_retention(days) for days in (1, 90, 91, 7 * 365, 3653, 3654)] == [1, 90, 120, 2557, 3653, 0]
    assert [azure.log_retention(days) for days in (7, 365, 731, 7 * 365)] == [
        (30, 30),
        (365, 365),
        (730, 1095),
        (730, 2556),
    ]
    assert gcp.log_retention(3650) == 3650
    for plan, days in ((gcp.log_retention, 3651), (azure.log_retention, 4384)):
        with pytest.raises(Unplannable, match="at another site"):
            plan(days)


def test_storage_leaves_the_region_only_when_told() -> None:
    zoneless = CloudSite(kind="cloud", provider="azure", region="germanynorth", account="1")
    skus = {azure.storage_sku(site, geo_redundant=geo) for site in (AZURE, zoneless) for geo in (False,)}
    assert skus == {"Standard_ZRS", "Standard_LRS"}
    assert azure.storage_sku(AZURE, geo_redundant=True) == "Standard_GZRS"


@given(
    st.from_regex(r"[a-z][a-z0-9-]{0,60}[a-z0-9]", fullmatch=True), st.from_regex(r"[a-z0-9-]{1,36}", fullmatch=True)
)
def test_names_are_legal_stable_and_apart(name: str, owner: str) -> None:
    account = names.alphanumeric(name, owner, 24)
    assert account.isalnum()
    assert account == account.lower()
    assert 3 <= len(account) <= 24
    assert account != names.alphanumeric(name, owner + "x", 24)
    assert len(names.bucket_name("acme", name, owner)) <= 63
    assert not names.bucket_name("acme", name, owner).endswith("-")
    assert len(names.physical("acme", name, 30)) <= 30
    assert names.physical("acme", names.physical("acme", name, 60), 60) == names.physical("acme", name, 60)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 2 * * *", "cron(0 2 * * ? *)"),
        ("30 4 1 * *", "cron(30 4 1 * ? *)"),
        ("0 3 * * 0", "cron(0 3 ? * SUN *)"),
        ("0 3 * * 7", "cron(0 3 ? * SUN *)"),
        ("0 3 * * 1-5", "cron(0 3 ? * MON-FRI *)"),
        ("0 3 * * 1,3", "cron(0 3 ? * MON,WED *)"),
        ("*/15 * * * *", "cron(*/15 * * * ? *)"),
    ],
)
def test_cron_as_aws_spells_it(schedule: str, expected: str) -> None:
    assert aws_cron(schedule) == expected


def test_schedules_that_a_cloud_cannot_say_are_refused() -> None:
    with pytest.raises(Unplannable, match="not both"):
        aws_cron("0 2 1 * 1")
    assert (repeat("0 2 * * *").days, repeat("0 2 * * *").start.hour) == (1, 2)
    weekly = repeat("15 3 * * 6")
    assert (weekly.days, weekly.start.isoformat(), weekly.start.isoweekday()) == (7, "2026-01-10T03:15:00+00:00", 6)
    for schedule in ("*/5 * * * *", "0 2 1 * *", "0 2 * * 1-5"):
        with pytest.raises(Unplannable, match="once a day or once a week"):
            repeat(schedule)


@given(st.integers(1, 400_000), st.one_of(st.none(), st.integers(1, 40_000)))
def test_lustre_is_never_smaller_nor_slower_than_asked(gib: int, throughput: int | None) -> None:
    tier = StorageTier(kind="scratch", capacity_gib=gib, throughput_mib_per_second=throughput)
    for plan, step in ((lustre.fsx, 1200), (lustre.amlfs, 4096), (lustre.gcp, 9000)):
        try:
            row = plan(tier)
        except Unplannable:
            assert throughput is not None or gib > 768 * 1024
            continue
        assert row.capacity_gib >= gib
        assert row.capacity_gib % step == 0
        assert row.mib_per_second_per_tib * row.capacity_gib / 1024 >= (throughput or 0)


def test_kubeconfigs_ask_for_tokens_and_hold_none() -> None:
    eks = json.loads(eks_kubeconfig("c", "https://e", "Q0E=", region="eu-central-1", role="arn:r"))
    assert eks["users"][0]["user"]["exec"]["args"] == [
        "--region", "eu-central-1", "eks", "get-token", "--cluster-name", "c", "--output", "json",
        "--role-arn", "arn:r",
    ]  # fmt: skip
    assert eks["clusters"][0]["cluster"] == {"server": "https://e", "certificate-authority-data": "Q0E="}
    gke = json.loads(gke_kubeconfig("c", "10.0.0.2", "Q0E="))
    assert gke["clusters"][0]["cluster"]["server"] == "https://10.0.0.2"
    given_out = {
        "clusters": [{"cluster": {"server": "https://a", "certificate-authority-data": "Q0E="}}],
        "users": [{"user": {"exec": {"command": "kubelogin", "args": ["--login", "devicecode"]}}}],
    }
    aks = json.loads(aks_kubeconfig_from("c", base64.b64encode(json.dumps(given_out).encode()).decode()))
    assert aks["clusters"][0]["cluster"]["server"] == "https://a"
    assert "devicecode" not in json.dumps(aks)
    assert all(set(each["users"][0]["user"]) == {"exec"} for each in (eks, gke, aks))


def test_groups_that_a_cloud_cannot_be_told_of_are_named() -> None:
    entra = "11111111-2222-4333-8444-555555555555"
    groups = native_groups("azure", ["ops", entra, "others"], {"ops": entra})
    assert groups.known == {"ops": entra, entra: entra}
    assert groups.unknown == ("others",)
    assert (
        groups.warning == "nobody of others can come in: principals must give the object id of an Entra group for each"
    )
    assert native_groups("gcp", ["ops@acme.example"], {}).known == {"ops@acme.example": "ops@acme.example"}
