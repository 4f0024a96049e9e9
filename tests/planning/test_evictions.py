"""What a new way of cutting a pool's devices evicts, and that `ringfence check --base` says it where it is caused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ringfence.checking import check_file
from ringfence.cli.main import application
from ringfence.errors import UsageError
from ringfence.planning.evictions import evictions, findings
from ringfence.spec import Platform
from tests.support.stacks import stack_file
from tests.tenancy.platforms import with_pool

PROD = stack_file("prod")
LAYOUT = "layout: {1g.10gb: 7}"


def cut(sharing: dict[str, Any], quotas: dict[str, dict[str, Any]] | None = None) -> Platform:
    pool = {"accelerator": "nvidia-a100-80gb", "acceleratorsPerNode": 2, "sharing": sharing}
    return with_pool(pool, quotas or {})


def mig(**layout: int) -> dict[str, Any]:
    return {"kind": "mig", "layout": {f"{name[1:].replace('_', '.')}": count for name, count in layout.items()}}


SEVEN = mig(_1g_10gb=7)


def check(*arguments: str | Path) -> Any:
    return CliRunner().invoke(application("check"), ["check", *map(str, arguments)])


def changed(tmp_path: Path, layout: str) -> Path:
    file = tmp_path / "Pulumi.later.yaml"
    file.write_text(PROD.read_text(encoding="utf-8").replace(LAYOUT, layout), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (SEVEN, []),
        (mig(_1g_10gb=5), [("nvidia.com/mig-1g.10gb", 14, 10, 20)]),
        (mig(_1g_10gb=4, _3g_40gb=1), [("nvidia.com/mig-1g.10gb", 14, 8, 30)]),
        (mig(_2g_20gb=3), [("nvidia.com/mig-1g.10gb", 14, 0, 70)]),
        ({"kind": "none"}, [("nvidia.com/mig-1g.10gb", 14, 0, 70)]),
    ],
)
def test_units_that_go_are_counted_over_all_nodes(later: dict[str, Any], told: list[tuple[str, int, int, int]]) -> None:
    found = evictions(cut(SEVEN), cut(later))
    assert [(each.resource, each.before, each.after, each.lost) for each in found] == told


def test_a_device_that_is_cut_for_the_first_time_evicts_whoever_has_it_whole() -> None:
    before = cut({"kind": "none"}, {"finance": {"guaranteed": 2, "maximum": 4}, "research": {}})
    [found] = evictions(before, cut(SEVEN))
    assert (found.resource, found.after, [each.tenant for each in found.shares]) == (
        "nvidia.com/gpu",
        0,
        ["finance", "research"],
    )


def test_quotas_of_another_profile_are_not_named() -> None:
    both = mig(_1g_10gb=4, _3g_40gb=1)
    quotas = {"finance": {"profile": "1g.10gb"}, "research": {"profile": "3g.40gb"}}
    [found] = evictions(cut(both, quotas), cut(mig(_3g_40gb=2), {"research": {"profile": "3g.40gb"}}))
    assert [each.tenant for each in found.shares] == ["finance"]


def test_models_and_quotas_of_the_reference_platform_are_named(tmp_path: Path) -> None:
    before, after = (check_file(each).platform for each in (PROD, changed(tmp_path, "layout: {2g.20gb: 3}")))
    assert before and after
    [found] = findings(before, after)
    assert found.path == ("clusters", "serve-par", "pools", "a100-mig", "sharing")
    assert "nvidia.com/mig-1g.10gb is not offered any more (56 on each of 2 nodes, now 0)" in found.message
    assert "models scan-reader of hospitals (4 to 14 pods)" in found.message
    assert "research (28 guaranteed, at most 84), hospitals (28 guaranteed, at most 56)" in found.message


def test_the_command_says_it_at_the_line_of_the_new_layout(tmp_path: Path) -> None:
    file = changed(tmp_path, "layout: {1g.10gb: 6}")
    line = next(n for n, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "1g.10gb: 6" in text)
    result = check(file, "--base", PROD)
    assert f"later.yaml:{line}:13: warning[layout-evicts]: clusters.serve-par.pools.a100-mig.sharing" in result.output
    same = check(PROD, "--base", PROD)
    assert same.exit_code == 0 and "layout-evicts" not in same.output


def test_a_base_that_cannot_be_compared_with_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").touch()
    for base in ("empty.yaml", "none.yaml"):
        result = check(PROD, "--base", tmp_path / base)
        assert isinstance(result.exception, UsageError) and base in str(result.exception)
    assert isinstance(check(PROD, stack_file("dev"), "--base", PROD).exception, UsageError)
