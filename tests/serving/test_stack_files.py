"""Every stack file of the house can be planned: tenants, models and gateways of each cluster, and they fit together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ringfence.planning import tenancy
from ringfence.planning.lineage import models_on_cluster
from ringfence.planning.serving.gateway import gateway_manifests
from ringfence.planning.serving.installed import has_add_on
from ringfence.planning.serving.models import served_model_manifests
from ringfence.planning.serving.routes import GATEWAY_ADD_ON
from ringfence.spec.load import CONFIG_KEY, parse
from ringfence.spec.platform import Platform
from ringfence.spec.source import read_file
from tests.support.kubernetes import problems, shared_definitions

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("Pulumi.*.yaml"), *(ROOT / "stacks" / "examples").glob("*.yaml")])


def load(file: Path) -> Platform:
    """The platform of a stack file."""
    platform, findings = parse(read_file(file).data["config"][CONFIG_KEY])
    assert platform is not None, findings
    return platform


def all_manifests(platform: Platform, cluster: str) -> list[dict[str, Any]]:
    """Everything of tenants and models on a workload cluster."""
    kueue = has_add_on(platform, cluster, "kueue")
    made = tenancy.cluster_manifests(platform, cluster, queues=kueue)
    for tenant in tenancy.tenants_on(platform, cluster):
        made += tenancy.tenant_manifests(platform, cluster, tenant, queues=kueue)
    for model in models_on_cluster(platform, cluster):
        made += served_model_manifests(platform, model, cluster)
    if has_add_on(platform, cluster, GATEWAY_ADD_ON):
        made += gateway_manifests(platform, cluster)
    return made


@shared_definitions
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_everything_on_every_cluster_is_planned_once_and_valid(file: Path) -> None:
    platform = load(file)
    for cluster, spec in platform.clusters.items():
        if spec.role == "management":
            continue
        made = all_manifests(platform, cluster)
        keys = Counter(
            (each["apiVersion"], each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
            for each in made
        )
        assert [key for key, count in keys.items() if count > 1] == []
        assert problems(made) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_namespaced_object_is_in_a_namespace_that_is_made(file: Path) -> None:
    platform = load(file)
    for cluster, spec in platform.clusters.items():
        if spec.role == "management":
            continue
        made = all_manifests(platform, cluster)
        namespaces = {each["metadata"]["name"] for each in made if each["kind"] == "Namespace"}
        used = {each["metadata"]["namespace"] for each in made if "namespace" in each["metadata"]}
        assert used <= namespaces
