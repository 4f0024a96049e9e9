"""What holds for every part of every cloud: parents, tags, outputs, providers, and a clear word without the SDK."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from functools import cache
from typing import Any

import pulumi
import pytest

from tests.components.cloud.building import GROUPS, answers, calls, cluster_of, dataset_of, site_of, tags_of
from tests.support.recording import Recording, Registered, record

CLOUDS = ("aws", "azure", "gcp")
SDK = {"aws": "pulumi_aws", "azure-native": "pulumi_azure_native", "gcp": "pulumi_gcp"}
EXTRA = {"aws": "pulumi_aws", "azure": "pulumi_azure_native", "gcp": "pulumi_gcp"}
CARRIES = {"aws": ("tags",), "azure-native": ("tags",), "gcp": ("labels", "resource_labels")}


def everything(cloud: str, environment: str = "prod") -> pulumi.Output[Any]:
    """A cluster, and a dataset with a replica (where Azure takes one) and a backup."""
    cluster = importlib.import_module(f"components.cloud.{cloud}")
    storage = importlib.import_module(f"components.cloud.{cloud}_storage")
    provider = importlib.import_module(EXTRA[cloud]).Provider
    word = cloud.capitalize()
    made = getattr(cluster, f"{word}TrainingCluster")(
        "train",
        getattr(cluster, f"{word}TrainingClusterArgs")(
            site=site_of(cloud),
            cluster=cluster_of(cloud),
            tags=tags_of(environment=environment),
            audit_retention_days=365,
            groups=("finance",),
            principals=GROUPS[cloud],
        ),
        pulumi.ResourceOptions(provider=provider("here")),
    )
    place = getattr(storage, f"{word}Place")(site=site_of(cloud), tags=tags_of("there"), provider=provider("there"))
    for name, retention, copies in (
        ("scans", 0, {"replicas": {"second": {"site": "there"}}, "backups": {"nightly": {"site": "here"}}}),
        ("kept", 7, {}),
    ):
        store = getattr(storage, f"{word}DatasetStoreArgs")(
            dataset=dataset_of(**copies),
            site=site_of(cloud),
            tags=tags_of(environment=environment),
            retention_years=retention,
            places={"there": place},
        )
        getattr(storage, f"{word}DatasetStore")(name, store, pulumi.ResourceOptions(provider=provider(f"home-{name}")))
    return pulumi.Output.all(kubeconfig=made.kubeconfig, endpoint=made.endpoint, pools=made.node_pools)


@cache
def recorded(cloud: str) -> Recording:
    return record(lambda: everything(cloud), answers, calls)


def accepted(resource: Registered) -> frozenset[str]:
    """The inputs that the SDK's class takes, in Python's spelling."""
    package, module, kind = resource.type.split(":")
    found: Any = getattr(importlib.import_module(f"{SDK[package]}.{module.split('/')[0]}"), kind)
    return frozenset(inspect.signature(found._internal_init).parameters)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_resource_is_a_child_of_a_component_and_named_after_it(cloud: str) -> None:
    found = recorded(cloud)
    for resource in found.resources.values():
        if resource.type.startswith("pulumi:providers:"):
            continue
        top = resource.name.startswith(("train", "scans", "kept"))
        assert top, resource.urn
        if resource.custom:
            assert resource.parent.split("::")[2].split("$")[-1].startswith("ringfence:index:"), resource.urn
        else:
            assert resource.type.startswith(f"ringfence:index:{cloud.capitalize()}"), resource.urn


@pytest.mark.parametrize("cloud", CLOUDS)
def test_whatever_can_carry_tags_carries_all_of_them(cloud: str) -> None:
    found, bare = recorded(cloud), []
    tags = tags_of()
    wanted = {"aws": tags.aws(), "azure": tags.azure(), "gcp": tags.gcp()}[cloud]
    for resource in found.custom:
        if resource.type.startswith("pulumi:"):
            continue
        takes = accepted(resource)
        keys = [key for key in CARRIES[resource.type.split(":")[0]] if key in takes]
        if not keys:
            continue
        camel = {"resource_labels": "resourceLabels"}.get(keys[0], keys[0])
        given = resource.inputs.get(camel) or {}
        lacking = {key for key, value in wanted.items() if key != "site" and given.get(key) != value}
        if lacking:
            bare.append((resource.urn.split("::", 2)[2], sorted(lacking)))
    assert bare == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_component_registers_what_it_offers(cloud: str) -> None:
    found = recorded(cloud)
    components = [resource for resource in found.resources.values() if not resource.custom]
    assert {resource.urn for resource in components} <= set(found.outputs)
    cluster = next(resource for resource in components if resource.type.endswith("TrainingCluster"))
    assert {
        "clusterName", "endpoint", "kubeconfig", "oidcIssuer", "networkId", "keyId", "registryUrl", "auditLog",
        "nodePools", "fileSystems",
    } <= set(found.outputs[cluster.urn])  # fmt: skip


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_left_to_a_default_provider_and_copies_are_made_by_the_other_sites_own(cloud: str) -> None:
    found = recorded(cloud)
    providers: dict[str, set[str]] = {}
    for resource in found.custom:
        if resource.type.startswith("pulumi:"):
            continue
        assert resource.provider, f"{resource.urn} has no provider of its own"
        providers.setdefault(resource.provider.split("::")[3], set()).add(resource.name)
    assert set(providers) == {"here", "there", "home-scans", "home-kept"}
    assert all(name.startswith("scans-second") for name in providers["there"])
    kinds = {
        "aws": "aws:s3/bucket:Bucket",
        "azure": "azure-native:storage:StorageAccount",
        "gcp": "gcp:storage/bucket:Bucket",
    }
    assert "there" in found.of(kinds[cloud])["scans-second"].provider


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_kubeconfig_is_secret(cloud: str) -> None:
    secret: list[bool] = []

    def program() -> pulumi.Output[Any]:
        cluster = importlib.import_module(f"components.cloud.{cloud}")
        word = cloud.capitalize()
        made = getattr(cluster, f"{word}TrainingCluster")(
            "train",
            getattr(cluster, f"{word}TrainingClusterArgs")(
                site=site_of(cloud), cluster=cluster_of(cloud), tags=tags_of(), audit_retention_days=365
            ),
        )
        return pulumi.Output.from_input(made.kubeconfig.is_secret()).apply(secret.append)

    record(program, answers, calls)
    assert secret == [True]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_two_platforms_in_one_account_do_not_meet(cloud: str) -> None:
    """Physical names that are ours to choose begin with the platform's, whatever the component is called."""
    physical = (
        "name",
        "bucket",
        "accountName",
        "vaultName",
        "resourceGroupName",
        "registryName",
        "accountId",
        "repositoryId",
    )
    exempt = ("aws:eks/addon", "gcp:logging", "gcp:dns", "azure-native:monitor", "azure-native:privatedns")
    for resource in recorded(cloud).custom:
        if resource.type.startswith(("pulumi:", *exempt)):
            continue
        for key in physical:
            value = resource.inputs.get(key)
            if isinstance(value, str) and "train" in value.split("/")[-1][:12]:
                assert "acme" in value, f"{resource.urn}.{key} = {value}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_missing_sdk_names_the_extra(cloud: str) -> None:
    program = f"""
import sys
sys.modules[{EXTRA[cloud]!r}] = None
import pulumi
import components
assert not [name for name in {list(EXTRA.values())} if sys.modules.get(name)]
try:
    import components.cloud.{cloud}
except pulumi.RunError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    expected = (
        f"this stack has a site in {cloud}, and {EXTRA[cloud]} is not installed: "
        'run `make setup EXTRAS="aws azure gcp"`\n'
    )
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr
