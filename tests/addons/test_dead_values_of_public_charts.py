"""Public charts, held against their own values and against each of them misspelt."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ringfence.planning.charts import (
    check_values,
    kubernetes,
    load_chart,
)
from tests.addons.shared import CHARTS, with_charts
from tests.addons.small_chart import found, nested


@with_charts
class TestPublicCharts:
    @pytest.mark.parametrize("folder", sorted(p.parent.name for p in CHARTS.glob("*/Chart.yaml")) or ["none"])
    def test_a_chart_reads_its_own_values(self, folder: str) -> None:
        values = load_chart(CHARTS / folder).values
        assert check_values(CHARTS / folder, values, folder) == []

    def test_what_nvidias_own_recipes_carry(self) -> None:
        """Keys of NVIDIA/aicr's recipes that the charts it pins do not read."""
        driver = {"version": "595.91.07", "useOpenKernelModules": True, "maxParallelUpgrades": 5}
        values = {"fullnameOverride": "gpu-operator", "driver": driver, "cdi": {"enabled": True, "default": True}}
        assert found(CHARTS / "gpu-operator", values) == [
            ("unknown", "driver.maxParallelUpgrades", "did you mean driver.upgradePolicy.maxParallelUpgrades?"),
            ("unknown", "cdi.default", None),
            ("no-op", "driver.useOpenKernelModules", "set driver.kernelModuleType to open"),
        ]
        dead = {"deployCR": True, "nvIpam": {}, "secondaryNetwork": {}, "nicClusterPolicy": {}}
        told = found(CHARTS / "network-operator", {**dead, "nfd": {"enabled": False}})
        assert [at for _, at, _ in told] == list(dead)
        assert all("create that custom resource yourself" in (hint or "") for _, _, hint in told)

    @pytest.mark.parametrize(
        ("folder", "values", "path"),
        [
            ("gpu-operator", {"mig": {"strategy": "mixd"}}, "mig.strategy"),
            ("gpu-operator", {"mig": {"strategy": False}}, "mig.strategy"),
            ("gpu-operator", {"hostPaths": {"driverInstallDir": "/"}}, "hostPaths.driverInstallDir"),
            ("kserve-resources", {"kserve": {"certManager": {"enabled": False}}}, "kserve.certManager.enabled"),
            ("kserve-llmisvc-resources", {"kserve": {"certManager": {"enabled": False}}}, "kserve.certManager.enabled"),
            (
                "kserve-resources",
                {"kserve": {"controller": {"deploymentMode": "RawDeployment"}}},
                "kserve.controller.deploymentMode",
            ),
        ],
    )
    def test_documented_traps(self, folder: str, values: dict[str, Any], path: str) -> None:
        [(kind, at, suggestion)] = found(CHARTS / folder, values)
        assert (kind, at) == ("no-op", path)
        assert suggestion

    def test_values_that_work_are_no_trap(self) -> None:
        assert found(CHARTS / "kserve-resources", {"kserve": {"certManager": {"enabled": True}}}) == []
        assert found(CHARTS / "gpu-operator", {"mig": {"strategy": "mixed"}}) == []

    def test_what_is_handed_on_whole_is_not_looked_into(self) -> None:
        assert found(CHARTS / "gateway-helm", {"config": {"envoyGateway": {"any": {"key": 1}}}}) == []
        assert found(CHARTS / "eck-stack", {"eck-elasticsearch": {"nodeSets": [{"volumeClaimTemplates": []}]}}) == []
        assert found(CHARTS / "kube-prometheus-stack", {"grafana": {"grafana.ini": {"smtp": {"enabled": True}}}}) == []

    def test_values_of_a_chart_that_lies_beside(self) -> None:
        told = found(CHARTS / "kube-prometheus-stack", {"grafana": {"adminPasword": "x"}})
        assert told == [("unknown", "grafana.adminPasword", "did you mean grafana.adminPassword?")]

    @pytest.mark.parametrize(
        "folder", ["gpu-operator", "kueue", "velero", "opencost", "loki", "cilium", "kserve-resources"]
    )
    def test_a_typo_anywhere_is_found_and_explained(self, folder: str) -> None:
        """Each known key once, misspelt: it must be found, and in nine of ten cases the right key suggested."""
        chosen = random.Random(folder).sample(sorted(_closed(load_chart(CHARTS / folder).values)), 25)
        right = 0
        for path in chosen:
            told = check_values(CHARTS / folder, nested((*path[:-1], _misspelt(path[-1])), 1), "t")
            assert [f.kind for f in told] == ["unknown"], path
            right += told[0].suggestion == f"did you mean {'.'.join(path)}?"
        assert right >= 22, f"{right} of 25"


def _closed(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of keys of more than four letters, below maps that are not empty."""
    for key, value in values.items():
        if len(key) > 4 and key.isalpha():
            yield (*at, key)
        if (
            isinstance(value, Mapping)
            and value
            and key.isalpha()
            and not (kubernetes.is_free(key) or kubernetes.fields(key))
        ):
            yield from _closed(value, (*at, key))


def _misspelt(key: str) -> str:
    return key[:2] + key[3] + key[2] + key[4:] if key[2] != key[3] else key[:-1]
