"""Traps that a row alone steps round: what a chart does by default, what the row says instead, and why it must stay.

What this does not prove: that the chart reads the key. test_rows.py holds every value against the pinned chart.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from ringfence.facts.addons import add_on_rows

ROWS = add_on_rows()
MISSING = object()

SAID: tuple[tuple[str, str, Any, str], ...] = (
    ("gpu-operator", "nfd.enabled", False, "a second NFD relabels the nodes of the first"),
    ("gpu-operator", "ccManager.enabled", False, "on by default, and it switches devices to confidential mode"),
    ("gpu-operator", "kataSandboxDevicePlugin.enabled", False, "renders a field that the kind does not have"),
    ("network-operator", "nfd.enabled", False, "a second NFD relabels the nodes of the first"),
    ("network-operator", "nfd.deployNodeFeatureRules", True, "without the rules no node is known to have such a card"),
    ("cert-manager", "crds.enabled", True, "off by default; installCRDs is deprecated"),
    ("cert-manager", "crds.keep", True, "removing the chart must not remove every certificate"),
    ("kserve", "kserve.controller.deploymentMode", "Standard", "the chart's default is Knative, the code's is not"),
    ("kserve", "kserve.controller.gateway.disableIstioVirtualHost", True, "there is no Istio here"),
    ("kserve-runtimes", "kserve.servingruntime.enabled", True, "off by default: no runtime at all (kserve#5035)"),
    ("opencost", "opencost.mcp.enabled", False, "on by default, and it listens"),
    ("kube-prometheus-stack", "grafana.admin.existingSecret", "grafana-admin", "else a password stands in the state"),
    ("kube-prometheus-stack", "crds.upgradeJob.enabled", True, "Helm installs kinds once and never upgrades them"),
    ("datadog", "datadog.apiKeyExistingSecret", "datadog-api-key", "else the key stands in the state"),
    ("loki", "deploymentMode", "Monolithic", "SimpleScalable goes away with the next major version"),
    ("loki", "loki.analytics.reporting_enabled", False, "calls home"),
    ("eck-operator", "telemetry.disabled", True, "calls home"),
    ("kamaji", "telemetry.disabled", True, "calls home"),
    ("mlflow", "telemetry.enabled", False, "calls home"),
    ("kubecost", "global.acknowledged", True, "the chart refuses to install without it"),
    ("karpenter", "settings.featureGates.reservedCapacity", True, "reservations are not used without it"),
    ("velero", "deployNodeAgent", True, "without it no volume is in any backup"),
    ("argo-workflows", "crds.full", True, "minimal kinds let any field through"),
    ("argo-workflows", "server.authModes", ["client"], "`server` lets everybody act as the server"),
)


def said(row: str, path: str) -> Any:
    found: Any = ROWS[row].values
    for key in path.split("."):
        found = found.get(key, MISSING) if isinstance(found, dict) else MISSING
    return found


@pytest.mark.parametrize(("row", "path", "value", "why"), SAID, ids=[f"{row}-{path}" for row, path, _, _ in SAID])
def test_a_row_says_what_the_default_gets_wrong(row: str, path: str, value: Any, why: str) -> None:
    assert said(row, path) == value, why


def test_no_second_exporter_of_device_metrics() -> None:
    """The operator brings DCGM's; a standalone one beside it takes the same port on the host."""
    charts = {row.chart for row in ROWS.values()}
    assert "dcgm-exporter" not in charts


def test_one_tool_reckons_the_cost_and_one_keeps_the_logs() -> None:
    assert "kubecost" in ROWS["opencost"].conflicts
    assert "loki" in ROWS["eck-stack"].conflicts


def test_charts_that_moved_come_from_where_they_are() -> None:
    assert "grafana-community" in (ROWS["loki"].repository or ""), "grafana.github.io has the enterprise chart only"
    assert ROWS["kubecost"].chart == "kubecost", "version 3 is another chart than cost-analyzer"
    assert ROWS["kserve"].chart == "kserve-resources", "the chart called kserve was replaced"


def test_the_operator_of_cluster_api_is_waited_for() -> None:
    """Its providers are objects of kinds whose webhook the operator itself serves."""
    assert ROWS["cluster-api-operator"].wait
    assert "cert-manager" in ROWS["cluster-api-operator"].requires


def test_versions_are_fixed_but_where_upstream_fixes_none() -> None:
    floating = {
        name: row.caveat
        for name, row in ROWS.items()
        if row.version is not None and not re.fullmatch(r"v?\d+\.\d+\.\d+([-.][0-9A-Za-z.-]+)?", row.version)
    }
    assert set(floating) == {"kamaji", "kamaji-crds"}
    assert all("mirror it and name your own tag" in (caveat or "") for caveat in floating.values())
