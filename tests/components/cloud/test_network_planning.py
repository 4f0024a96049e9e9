"""How a cluster's ranges become subnets: apart, inside, and as many as the cloud has zones."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.cloud import Unplannable, aws, azure, gcp
from ringfence.planning.cloud.subnets import plan_zone_subnets, slices
from ringfence.planning.cloud.zones import zones_of
from ringfence.spec.network import Network
from ringfence.spec.site import CloudSite
from tests.components.cloud.building import site_of

AWS, GCP = site_of("aws"), site_of("gcp")


@st.composite
def ranges(draw: st.DrawFn, least: int, most: int) -> IPv4Network:
    """An IPv4 network with a prefix between the two lengths."""
    prefix = draw(st.integers(least, most))
    return IPv4Network((draw(st.integers(0, 2**prefix - 1)) << (32 - prefix), prefix))


def apart(networks: list[IPv4Network]) -> bool:
    ordered = sorted(networks)
    return all(first.broadcast_address < second.network_address for first, second in pairwise(ordered))


@given(ranges(12, 24), st.integers(1, 6), st.one_of(st.none(), ranges(12, 24)))
def test_zone_subnets_are_apart_and_inside(nodes: IPv4Network, count: int, pods: IPv4Network | None) -> None:
    zones = tuple(f"z{i}" for i in range(count))
    try:
        rows = plan_zone_subnets(nodes, zones, pods=pods)
    except Unplannable:
        # Only what is small is refused: a /22 holds six zones' control subnets.
        assert nodes.prefixlen > 22 or (pods is not None and pods.prefixlen > 24)
        return
    assert [row.zone for row in rows] == list(zones)
    own = [cidr for row in rows for cidr in (row.nodes, row.control)]
    assert apart(own)
    assert all(cidr.subnet_of(nodes) and cidr.prefixlen <= 28 for cidr in own)
    for_pods = [row.pods for row in rows if row.pods]
    assert len(for_pods) == (count if pods else 0)
    assert apart(for_pods)
    assert all(pods and cidr.subnet_of(pods) and 16 <= cidr.prefixlen <= 28 for cidr in for_pods)


@given(ranges(8, 24), st.integers(1, 9))
def test_slices_are_equal_apart_and_as_large_as_can_be(network: IPv4Network, count: int) -> None:
    parts = slices(network, count)
    assert len(parts) == count
    assert len({part.prefixlen for part in parts}) == 1
    assert apart(parts)
    assert parts[0].num_addresses * count > network.num_addresses / 2 - 1


@given(ranges(10, 22), ranges(10, 21), ranges(16, 24))
def test_networks_of_gcp_and_azure_are_cut_apart(nodes: IPv4Network, pods: IPv4Network, services: IPv4Network) -> None:
    network = network_of(str(nodes), str(pods), str(services))
    of_gcp = gcp.plan_network(GCP, network)
    assert apart([of_gcp.nodes, of_gcp.managed])
    assert of_gcp.nodes.subnet_of(nodes)
    assert of_gcp.managed.subnet_of(nodes)
    of_azure = azure.plan_network(network)
    own = [of_azure.nodes, of_azure.endpoints, of_azure.api_server, of_azure.lustre]
    assert apart(own)
    assert all(cidr.subnet_of(nodes) for cidr in own)
    assert of_azure.dns_service == str(services[10])


def network_of(nodes: str = "10.16.0.0/16", pods: str = "100.64.0.0/14", services: str = "172.20.0.0/20") -> Network:
    return Network.model_validate({"nodes": nodes, "pods": pods, "services": services})


def test_a_large_pod_range_becomes_several_ranges_of_the_vpc() -> None:
    plan = aws.plan_network(AWS, network_of())
    assert [str(block) for block in plan.pod_cidrs] == [f"100.{n}.0.0/16" for n in (64, 65, 66, 67)]
    assert [(row.zone, str(row.nodes), str(row.control), str(row.pods)) for row in plan.zones] == [
        ("eu-central-1a", "10.16.0.0/18", "10.16.192.0/20", "100.64.0.0/16"),
        ("eu-central-1b", "10.16.64.0/18", "10.16.208.0/20", "100.65.0.0/16"),
        ("eu-central-1c", "10.16.128.0/18", "10.16.224.0/20", "100.66.0.0/16"),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nodes": "10.0.0.0/15"}, "a VPC takes a /16 to a /26"),
        ({"pods": "100.64.0.0/13"}, "use a /14"),
        ({"services": "10.1.0.0/28"}, "EKS takes a /12 to a /24"),
    ],
)
def test_aws_refuses_ranges_that_it_has_no_room_for(change: dict[str, str], words: str) -> None:
    with pytest.raises(Unplannable, match=words):
        aws.plan_network(AWS, network_of(**change))


def test_zones_are_the_regions_own() -> None:
    def zones(provider: str, region: str, *own: str) -> tuple[str, ...]:
        site = {"kind": "cloud", "provider": provider, "region": region, "account": "1", "zones": own}
        return zones_of(CloudSite.model_validate(site))

    assert zones("aws", "eu-central-1") == ("eu-central-1a", "eu-central-1b", "eu-central-1c")
    assert zones("aws", "ap-northeast-1") == ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
    assert zones("gcp", "europe-west1") == ("europe-west1-b", "europe-west1-c", "europe-west1-d")
    assert zones("azure", "germanywestcentral") == ("1", "2", "3")
    assert zones("azure", "germanynorth") == ()
    assert zones("azure", "germanywestcentral", "germanywestcentral-2") == ("2",)
    with pytest.raises(Unplannable, match="name those of us-west-1"):
        aws.plan_network(CloudSite(kind="cloud", provider="aws", region="us-west-1", account="1"), network_of())
