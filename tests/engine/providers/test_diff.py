"""Differences by path, and the replacements the tables name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.engine.providers.diff import changes, pattern, top_level
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.wire import UNKNOWN

from .conftest import Bench

scalars = st.one_of(st.text(max_size=5), st.booleans(), st.integers(0, 9))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab.", min_size=1, max_size=3), inner)
    ),
    max_leaves=10,
)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
properties = st.dictionaries(st.text("abc.", min_size=1, max_size=3), values, max_size=4)


@patient
@given(properties)
def test_nothing_changed(value: dict[str, Any]) -> None:
    assert list(changes(value, value)) == []


@patient
@given(properties, properties)
def test_a_difference_is_found_in_both_directions(old: dict[str, Any], new: dict[str, Any]) -> None:
    forth, back = dict(changes(old, new)), dict(changes(new, old))
    assert bool(forth) == (json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True))
    assert set(forth) == set(back)
    mirrored = {"ADD": "DELETE", "DELETE": "ADD", "UPDATE": "UPDATE"}
    assert {path: mirrored[kind] for path, kind in forth.items()} == back
    assert {top_level(path) for path in forth} <= old.keys() | new.keys()


def test_paths_and_kinds() -> None:
    old = {"a": {"b.c": 1, "d": [1, 2]}, "gone": 1, "same": True}
    new = {"a": {"b.c": 2, "d": [1]}, "new": UNKNOWN, "same": True}
    assert dict(changes(old, new)) == {'a["b.c"]': "UPDATE", "a.d[1]": "DELETE", "gone": "DELETE", "new": "ADD"}
    assert dict(changes({"a": 1}, {"a": UNKNOWN})) == {"a": "UPDATE"}
    assert dict(changes({"a": 1}, {"a": True})) == {"a": "UPDATE"}
    assert dict(changes({"a": 1}, {"a": 1.0})) == {}


@pytest.mark.parametrize(
    ("text", "path", "matches"),
    [
        ("vpcConfig", "vpcConfig.subnetIds[0]", True),
        ("vpcConfig", "vpcConfigs", False),
        ("a[*].b", "a[12].b", True),
        ("a[*].b", "a[12].c", False),
        ("a.*.b", 'a["x.y"].b', True),
    ],
)
def test_patterns(text: str, path: str, matches: bool) -> None:
    assert bool(pattern(text).match(path)) is matches


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, ["cidrBlock"]),
        ("aws:ec2/vpc:Vpc", {"enableDnsSupport": True}, {"enableDnsSupport": False}, []),
        ("aws:s3/bucket:Bucket", {"bucket": "a"}, {"bucket": "b"}, ["bucket"]),
        ("aws:s3/bucket:Bucket", {"region": "a"}, {"region": "b"}, ["region"]),
        ("aws:s3/bucket:Bucket", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, []),
        ("aws:iam/role:Role", {"name": "a"}, {"name": "b"}, ["name"]),
        ("aws:eks/cluster:Cluster", {"version": "1.33"}, {"version": "1.34"}, []),
        (
            "aws:eks/cluster:Cluster",
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "a"}},
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "b"}},
            ["kubernetesNetworkConfig"],
        ),
        ("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["a"]}, {"instanceTypes": ["b"]}, ["instanceTypes"]),
        ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"maxSize": 1}}, {"scalingConfig": {"maxSize": 2}}, []),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": "a"}, {"policyArn": "b"}, ["policyArn"]),
    ],
)
def test_aws_replacements(
    aws: Bench, token: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    assert list(aws.diff(token, old, new).replaces) == replaces


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        ("azure-native:storage:StorageAccount", {"location": "a"}, {"location": "b"}, ["location"]),
        ("azure-native:storage:StorageAccount", {"accountName": "a"}, {"accountName": "b"}, ["accountName"]),
        ("azure-native:storage:StorageAccount", {"accessTier": "Hot"}, {"accessTier": "Cool"}, []),
        (
            "azure-native:resources:ResourceGroup",
            {"resourceGroupName": "a"},
            {"resourceGroupName": "b"},
            ["resourceGroupName"],
        ),
        ("azure-native:containerservice:AgentPool", {"vmSize": "a"}, {"vmSize": "b"}, ["vmSize"]),
        ("azure-native:containerservice:AgentPool", {"count": 1}, {"count": 2}, []),
    ],
)
def test_azure_replacements(
    azure: Bench, token: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    assert list(azure.diff(token, old, new).replaces) == replaces


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        ("gcp:container/cluster:Cluster", {"location": "a"}, {"location": "b"}, ["location"]),
        ("gcp:container/cluster:Cluster", {"minMasterVersion": "a"}, {"minMasterVersion": "b"}, []),
        ("gcp:storage/bucket:Bucket", {"location": "EU"}, {"location": "US"}, ["location"]),
        ("gcp:storage/bucket:Bucket", {"labels": {"a": "b"}}, {"labels": {}}, []),
        ("gcp:compute/network:Network", {"name": "a"}, {"name": "b"}, ["name"]),
    ],
)
def test_gcp_replacements(
    gcp: Bench, token: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    assert list(gcp.diff(token, old, new).replaces) == replaces


def test_the_detailed_diff_says_kind_and_replacement(aws: Bench) -> None:
    response = aws.diff("aws:ec2/vpc:Vpc", {"cidrBlock": "a", "tags": {"a": "b"}}, {"cidrBlock": "b", "tags": {}})
    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for path, entry in response.detailedDiff.items()}
    assert kinds == {"cidrBlock": "UPDATE_REPLACE", "tags.a": "DELETE"}
    assert response.hasDetailedDiff
    assert list(response.diffs) == ["cidrBlock", "tags"]
    assert (
        aws.diff("aws:ec2/vpc:Vpc", {"cidrBlock": "a"}, {"cidrBlock": "a"}).changes
        == provider_pb2.DiffResponse.DIFF_NONE
    )


def test_a_provider_moves_its_resources_when_its_region_changes(aws: Bench) -> None:
    from ringfence.engine.providers.wire import to_struct

    def replaces(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        request = provider_pb2.DiffRequest(urn="u", old_inputs=to_struct(old), news=to_struct(new))
        return list(aws.provider.diff_config(request).replaces)

    assert replaces({"region": "a", "version": "1"}, {"region": "b", "version": "2"}) == ["region"]
    assert replaces({"profile": "a"}, {"profile": "b"}) == []
