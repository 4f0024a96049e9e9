"""What opens something to the internet: switches, grants, firewall rules and Kubernetes services.

Owns: reading each cloud's way of saying "everybody". Pure: a resource in, plain values out. Refuses to own: whether
that matters for the data at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from policy.resource import Resource
from policy.values import UNKNOWN, Read, Reader, State, from_json

SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
FIREWALLS = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "azure-native:network:NetworkSecurityGroup",
    "azure-native:network:SecurityRule",
    "gcp:compute/firewall:Firewall",
    "gcp:compute/firewallPolicyRule:FirewallPolicyRule",
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule",
    "gcp:sql/databaseInstance:DatabaseInstance",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    *(
        f"azure-native:{kind}"
        for kind in (
            "sql:FirewallRule",
            "sql:IPv6FirewallRule",
            "dbforpostgresql:FirewallRule",
            "dbforpostgresql:ServerGroupFirewallRule",
            "dbforpostgresql:SingleServerFirewallRule",
            "dbformysql:FirewallRule",
            "dbformysql:SingleServerFirewallRule",
            "dbformariadb:FirewallRule",
            "redis:FirewallRule",
            "redis:RedisFirewallRule",
            "mongocluster:FirewallRule",
            "cosmosdb:MongoClusterFirewallRule",
            "horizondb:HorizonDbFirewallRule",
            "synapse:IpFirewallRule",
        )
    ),
)
SERVICES = (
    "kubernetes:core/v1:Service",
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
)
_INTERNET = {"0.0.0.0/0", "::/0", "*", "Internet", "Any", "0.0.0.0", "::", "<nw>/0"}
_EVERYBODY = {
    "allUsers",
    "allAuthenticatedUsers",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "publicRead",
    "publicReadWrite",
    "authenticatedRead",
    "AllUsers",
    "AuthenticatedUsers",
}
"""Words of both clouds; those of S3's grants stand at the end of a URI, those of Cloud Storage's behind a role."""
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
}
"""Annotations that keep a Service inside, with the value that does, in lower case."""
_BARE_METAL = ("metallb.io/", "metallb.universe.tf/", "io.cilium/", "lbipam.cilium.io/")
"""Load balancers of data centres: their addresses are the network team's, not the internet's."""


def equals(value: Any, allowed: Sequence[str]) -> bool:
    """Whether a value is one of the allowed ones as text, whatever its case and type."""
    return str(value).lower() in {each.lower() for each in allowed}


def open_switches(block: Resource) -> tuple[list[str], list[str]]:
    """(switches of a public access block that are not on, switches that are not known)."""
    reads = {name: block.reader.one(name) for name in SWITCHES}
    off = [name for name, read in reads.items() if not read.unknown and not equals(read.value, ["true"])]
    return off, [name for name, read in reads.items() if read.unknown]


def public_grant(read: Read) -> str | None:
    """What lets everybody in, or None: a word for everybody, or a policy document that has one."""
    if not read.text:
        return None
    if read.text.rpartition("/")[2].rpartition(":")[2] in _EVERYBODY:
        return read.text
    document = from_json(read.text)
    return _in_document(document) if isinstance(document, dict) else None


def _in_document(document: dict[str, Any]) -> str | None:
    for binding in _several(document.get("bindings")):
        named = _EVERYBODY & {str(each) for each in _several(binding.get("members"))}
        if named:
            return f"{binding.get('role')} for {sorted(named)[0]}"
    for statement in _several(document.get("Statement")):
        if isinstance(statement, dict) and statement.get("Effect") == "Allow" and not statement.get("Condition"):
            principal = statement.get("Principal")
            listed = principal.get("AWS") if isinstance(principal, dict) else principal
            if "*" in _several(listed):
                return f"statement {statement.get('Sid') or '(unnamed)'} allows Principal *"
    return None


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def open_ingress(resource: Resource) -> Iterator[tuple[Read, str]]:
    """Every inbound rule that the whole internet passes, or that is not known, with its port for a message."""
    reader = resource.reader
    if resource.kind in ("SecurityGroup", "DefaultSecurityGroup"):
        yield from _open(reader, "ingress[].cidrBlocks[]", "ingress[].ipv6CidrBlocks[]")
    elif resource.kind == "SecurityGroupRule" and not equals(reader.one("type").value, ["egress"]):
        yield from _open(reader, "cidrBlocks[]", "ipv6CidrBlocks[]")
    elif resource.kind == "SecurityGroupIngressRule":
        yield from _open(reader, "cidrIpv4", "cidrIpv6")
    elif resource.kind == "Firewall" and not equals(reader.one("direction").value, ["EGRESS"]):
        if not reader.one("allows").absent:
            yield from _open(reader, "sourceRanges[]")
    elif resource.kind.endswith("FirewallPolicyRule") and not equals(reader.one("direction").value, ["EGRESS"]):
        if equals(reader.one("action").value, ["allow"]):
            yield from _open(reader, "match.srcIpRanges[]")
    elif resource.kind == "DatabaseInstance":
        yield from _open(reader, "settings.ipConfiguration.authorizedNetworks[].value")
    elif resource.kind.endswith("FirewallRule"):
        # From 0.0.0.0 to 255.255.255.255 is everybody; from 0.0.0.0 to 0.0.0.0 is every customer of Azure.
        yield from _open(reader, "startIpAddress", "properties.startIpAddress", "startIP", "startIPv6Address")
    elif resource.kind == "NetworkSecurityGroup":
        rules = reader.one("securityRules").value
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            yield from _azure(Reader(rule), f"securityRules[{index}].")
    elif resource.kind == "SecurityRule":
        yield from _azure(reader, "")


def _open(reader: Reader, *paths: str) -> Iterator[tuple[Read, str]]:
    for path in paths:
        for read in reader.all(path):
            if read.unknown or (read.text and read.text in _INTERNET):
                yield read, ""


def _azure(rule: Reader, prefix: str) -> Iterator[tuple[Read, str]]:
    if equals(rule.one("direction").value, ["Outbound"]) or equals(rule.one("access").value, ["Deny"]):
        return
    port = rule.one("destinationPortRange").text
    for read, _ in _open(rule, "sourceAddressPrefix", "sourceAddressPrefixes[]"):
        yield Read(prefix + read.path, read.state, read.value), f", port {port}" if port else ""


def public_service(resource: Resource) -> str | None:
    """How a Kubernetes object gets a public address, or None."""
    reader = resource.reader
    if resource.kind == "Service":
        return _public_load_balancer(reader)
    if resource.kind == "Gateway":
        name = reader.one("spec.gatewayClassName").text or ""
        return f"gatewayClassName {name}" if "external" in name or name.startswith("gke-l7-gxlb") else None
    scheme = reader.entry("metadata.annotations", "alb.ingress.kubernetes.io/scheme").text
    if scheme == "internet-facing":
        return "its scheme is internet-facing"
    name = (
        reader.one("spec.ingressClassName").text
        or reader.entry("metadata.annotations", "kubernetes.io/ingress.class").text
    )
    return "ingress class gce" if name == "gce" else None


def _public_load_balancer(reader: Reader) -> str | None:
    kind = reader.one("spec.type")
    if not (kind.unknown or kind.text == "LoadBalancer"):
        return None
    annotations = reader.one("metadata.annotations")
    found = annotations.value if annotations.known and isinstance(annotations.value, dict) else {}
    for key, wanted in _INTERNAL.items():
        value = found.get(key)
        if value is not None and value is not UNKNOWN and str(value).lower() in (wanted, "true"):
            return None
    if (
        any(str(key).startswith(_BARE_METAL) for key in found)
        or reader.one("spec.loadBalancerClass").state is State.KNOWN
    ):
        return None
    ranges = [read.text for read in reader.all("spec.loadBalancerSourceRanges[]")]
    if ranges and not any(each is None or each in _INTERNET for each in ranges):
        return None
    return "type LoadBalancer without an internal annotation"
