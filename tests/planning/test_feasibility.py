"""Can it ever schedule: each no is found at its line, with the smallest change that makes it a yes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.checks import feasibility, quotas
from ringfence.spec import Platform
from ringfence.spec.finding import Finding
from tests.support.stacks import EXAMPLES, STACKS
from tests.tenancy.platforms import FIFTY

QUOTA = ("tenants", "finance", "quotas", "fra", "h100")


def model(tenant: str = "finance", **changes: Any) -> dict[str, Any]:
    return {
        "kind": "weights",
        "tenant": tenant,
        "source": "oci://registry.example/m:1",
        "runtime": "vllm",
        "parametersBillions": 8,
        "placements": [{"cluster": "fra", "pool": "h100"}],
        **changes,
    }


def fifty(models: dict[str, Any] | None = None, pool: dict[str, Any] | None = None, **quota: Any) -> Platform:
    """The 50 GPUs on 5 machines of 10, in racks of 30 and 20; `quota` replaces finance's share."""
    raw = deepcopy(FIFTY)
    raw["models"] = models or {}
    if quota:
        raw["tenants"]["finance"]["quotas"]["fra"]["h100"] = quota
    raw["clusters"]["fra"]["pools"]["h100"] |= pool or {}
    raw["clusters"]["fra"]["addOns"] = {name: {} for name in ("kserve", "keda", "kserve-llmisvc", "lws")}
    return Platform.model_validate(raw)


def found(platform: Platform) -> dict[str, Finding]:
    return {each.code: each for each in feasibility.check(platform)}


def scaled(least: int, most: int) -> dict[str, Any]:
    return {"autoscaling": {"minReplicas": least, "maxReplicas": most}}


def test_a_gang_within_the_share_and_the_pool_is_fine() -> None:
    assert found(fifty(guaranteed=10, maximum=20, largestGang=20)) == {}


def test_a_gang_over_the_share_never_starts() -> None:
    over = found(fifty(maximum=20, largestGang=24))["gang-over-share"]
    assert (over.path, over.severity) == ((*QUOTA, "largestGang"), "error")
    assert (over.allowed, over.suggestion) == ("at most 20", "maximum: 24")
    assert found(fifty(maximum=24, largestGang=24)) == {}, "the fix is one"


def test_a_gang_over_the_pool_needs_nodes() -> None:
    over = found(fifty(largestGang=64))["gang-over-share"]
    assert over.suggestion == "a pool of 7 nodes, and maximum: 64"


def test_a_gang_beside_models_that_always_run() -> None:
    """Marketing's models hold 6 of each of 3 machines: 32 of 50 GPUs are free, and 24 in blocks of whole machines."""
    models = {"m": model("marketing", acceleratorsPerReplica=6, **scaled(3, 3))}
    assert "gang-over-free-block" not in found(fifty(models, largestGang=24))
    never = found(fifty(models, largestGang=33))["gang-over-free-block"]
    assert (never.severity, never.allowed, never.suggestion) == ("error", "at most 32", "a pool of 6 nodes")
    assert never.message.endswith("models always hold 18 of the 50 of h100")
    in_pieces = found(fifty(models, largestGang=25))["gang-over-free-block"]
    assert in_pieces.severity == "warning"
    assert in_pieces.message.endswith("the biggest block of h100 has 24")
    assert in_pieces.suggestion == "a pool of 6 nodes, or jobs of smaller pods"


def test_a_gang_on_what_others_were_guaranteed_is_a_warning() -> None:
    lent = found(fifty(guaranteed=0, largestGang=40))["gang-on-borrowed"]
    assert lent.severity == "warning"
    assert lent.suggestion == "largestGang: 35", "50 less the 15 that marketing may ask back"
    assert "gang-on-borrowed" not in found(fifty(guaranteed=0, largestGang=35))


def test_a_gang_larger_than_the_largest_rack_is_a_warning() -> None:
    assert found(fifty(largestGang=31))["gang-over-rack"].suggestion == "largestGang: 30 for one that stays together"
    assert "gang-over-rack" not in found(fifty(largestGang=30))


def test_models_over_their_tenants_share_never_all_start() -> None:
    models = {"a": model(**scaled(3, 3)), "b": model(**scaled(2, 2))}
    over = found(fifty(models, guaranteed=4, maximum=4))["models-over-share"]
    assert (over.path, over.suggestion) == (QUOTA, "maximum: 5")
    assert "(a 3, b 2)" in over.message
    assert "models-over-share" not in found(fifty(models, guaranteed=4, maximum=5))


def test_models_on_what_is_borrowed_stop_when_the_owner_asks() -> None:
    models = {"a": model(**scaled(3, 3))}
    lent = found(fifty(models, guaranteed=1, maximum=9))["models-on-borrowed"]
    assert (lent.severity, lent.suggestion) == ("warning", "guaranteed: 3")
    assert found(fifty(models, guaranteed=3, maximum=9)) == {}


def test_a_canary_holds_a_replica_too() -> None:
    canary: dict[str, Any] = {"canary": {"source": "oci://registry.example/m:2", "percent": 10}}
    assert "models-on-borrowed" in found(fifty({"a": model(**canary)}, guaranteed=1))
    assert found(fifty({"a": model(**canary)}, guaranteed=2)) == {}


def test_replicas_that_can_never_all_run() -> None:
    models = {"a": model(acceleratorsPerReplica=2, **scaled(1, 8))}
    over = found(fifty(models, guaranteed=2, maximum=9))["replicas-over-share"]
    assert over.path == ("models", "a", "autoscaling", "maxReplicas")
    assert over.suggestion == "maxReplicas: 4, or tenants.finance.quotas.fra.h100.maximum: 16"
    models["a"]["autoscaling"]["maxReplicas"] = 4
    assert "replicas-over-share" not in found(fifty(models, guaranteed=2, maximum=9))


def test_models_that_do_not_pack_though_there_are_enough_devices() -> None:
    """Six replicas of 6 on five machines of 10: 36 of 50, and one has no machine."""
    models = {"a": model(acceleratorsPerReplica=6, **scaled(6, 6))}
    over = found(fifty(models, guaranteed=35, maximum=50))["models-do-not-pack"]
    assert (over.path, over.severity) == (("clusters", "fra", "pools", "h100"), "error")
    assert over.suggestion == "6 nodes, or fewer minReplicas"
    models["a"]["autoscaling"] = {"minReplicas": 5, "maxReplicas": 5}
    assert "models-do-not-pack" not in found(fifty(models, guaranteed=30, maximum=50))


@pytest.mark.parametrize(
    ("sharing", "severity"), [({"kind": "none"}, "warning"), ({"kind": "time-slicing", "replicas": 4}, "error")]
)
def test_a_pools_label_that_sharing_changes(sharing: dict[str, Any], severity: str) -> None:
    key = "nvidia.com/gpu.product"
    wrong = found(fifty(pool={"labels": {key: "NVIDIA-H100-80GB-HBM3"}, "sharing": sharing}))["changing-label"]
    assert (wrong.path[-1], wrong.severity) == (key, severity)
    assert found(fifty(pool={"labels": {"nvidia.com/mig.config": "all-1g.10gb"}})) == {}, "this one is a request"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"a": {"nodeSelector": {"nvidia.com/gpu.product": "X"}}}, ("a", "nodeSelector", "nvidia.com/gpu.product")),
        ({"terms": [{"key": "nvidia.com/gpu.memory", "operator": "Gt", "values": ["1"]}]}, ("terms", 0, "key")),
    ],
)
def test_an_add_on_that_selects_by_such_a_label(values: dict[str, Any], path: tuple[str | int, ...]) -> None:
    raw = fifty().model_dump(mode="json", by_alias=True)
    raw["clusters"]["fra"]["addOns"]["kserve"]["values"] = values
    wrong = found(Platform.model_validate(raw))["changing-label"]
    assert wrong.path == ("clusters", "fra", "addOns", "kserve", "values", *path)
    assert (wrong.severity, "ringfence.dev/pool" in str(wrong.suggestion)) == ("warning", True)
    raw["clusters"]["fra"]["pools"]["h100"]["sharing"] = {"kind": "time-slicing", "replicas": 2}
    assert found(Platform.model_validate(raw))["changing-label"].severity == "error"


@pytest.mark.parametrize("name", [*STACKS, *EXAMPLES])
def test_the_projects_own_stacks_can_all_schedule(name: str) -> None:
    from ringfence.checking import check_file
    from tests.support.stacks import stack_file

    platform = check_file(stack_file(name)).platform
    assert platform is not None
    assert list(feasibility.check(platform)) == []


shares = st.integers(0, 60)


@st.composite
def mixes(draw: st.DrawFn) -> Platform:
    models = {
        f"m{index}": model(
            draw(st.sampled_from(("finance", "marketing", "research"))),
            acceleratorsPerReplica=draw(st.integers(1, 10)),
            **(lambda n: scaled(n, n))(draw(st.integers(1, 3))),
        )
        for index in range(draw(st.integers(0, 4)))
    }
    platform = fifty(models)
    raw = platform.model_dump(mode="json", by_alias=True)
    for tenant in ("finance", "marketing", "research"):
        guaranteed = draw(st.integers(0, 25))
        gang = draw(st.none() | st.integers(1, 60))
        maximum = draw(st.none() | st.integers(max(guaranteed, 1), 50))
        raw["tenants"][tenant]["quotas"]["fra"]["h100"] = {
            "guaranteed": guaranteed, "maximum": maximum, "largestGang": gang
        }  # fmt: skip
    return Platform.model_validate(raw)


@settings(max_examples=120, deadline=None)
@given(mixes())
def test_what_is_called_feasible_never_starves_a_guarantee(platform: Platform) -> None:
    """With no finding at all, models, guarantees and one gang at a time have room together, counted anew."""
    if list(feasibility.check(platform)) or [each for each in quotas.check(platform) if each.severity == "error"]:
        return
    promised = {name: tenant.quotas["fra"]["h100"] for name, tenant in platform.tenants.items()}
    assert sum(quota.guaranteed for quota in promised.values()) <= 50
    for name, quota in promised.items():
        held = sum(
            each.accelerators_per_replica * each.autoscaling.min_replicas
            for each in platform.models.values()
            if each.kind == "weights" and each.tenant == name
        )
        assert held <= quota.guaranteed, "models stand on nothing that could be asked back"
        gang = quota.largest_gang or 0
        assert held + gang <= (quota.maximum or 50)
        others = sum(other.guaranteed for key, other in promised.items() if key != name)
        assert gang == 0 or held + gang <= max(quota.guaranteed, 50 - others), "a gang starts whatever others ask"
