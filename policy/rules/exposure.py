"""Rules on what is open to the internet: stores, control planes, networks and services.

Owns: residency-public-access, residency-public-bucket, residency-public-network and residency-public-service. Refuses
to own: encryption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from pulumi_policy import Severity

from policy import tables
from policy.decisions import exposure
from policy.resource import Graph, Resource
from policy.restricted import explicitly_restricted, restricted
from policy.rule import Context, Finding, Rule
from policy.values import Read
from ringfence.spec.residency import Outcome

_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"


def _access(resource: Resource, context: Context) -> Iterator[Finding]:
    if not restricted(resource, context):
        return
    for row in tables.rows("exposure"):
        if row["type"] != resource.type or _equals(resource, row["unless"]):
            continue
        read = resource.reader.one(row["path"])
        allowed = row["allowed"].split("|")
        fix = f"set {row['path']} to {allowed[0]}"
        if read.unknown:
            text = f"whether {resource.shown} is open to the internet is not known before the update ({read.path})"
            yield Finding(resource, Outcome.UNPROVEN, text, fix, property_path=read.path, value="unknown")
        elif (read.absent and row["absent"] == "open") or (read.known and not exposure.equals(read.value, allowed)):
            said = "is not set" if read.absent else f"is {read.shown}"
            text = f"{resource.shown} is open to the internet: {row['path']} {said}"
            value = "secret" if read.secret else "absent" if read.absent else str(read.value)
            yield Finding(resource, Outcome.REFUSED, text, fix, property_path=row["path"], value=value)


def _equals(resource: Resource, condition: str) -> bool:
    path, _, wanted = condition.partition("=")
    read = resource.reader.one(path) if condition else None
    return bool(read and read.known and exposure.equals(read.value, [wanted]))


def _bucket(resource: Resource, context: Context) -> Iterator[Finding]:
    """Every S3 bucket has a block with all four switches on, its own or the account's."""
    graph = context.graph
    if graph is None or not restricted(resource, context):
        return
    fix = "add a BucketPublicAccessBlock for it with all four settings true"
    blocks = [*_blocks_of(resource, graph), *graph.of_type(_ACCOUNT_BLOCK)]
    if not blocks:
        yield Finding(resource, Outcome.REFUSED, f"{resource.shown} has no public access block", fix)
        return
    best = min((exposure.open_switches(block) for block in blocks), key=lambda found: (len(found[0]), len(found[1])))
    if best[0]:
        text = (
            f"{resource.shown} can be opened to the public: {', '.join(best[0])} of its public access block is not true"
        )
        yield Finding(resource, Outcome.REFUSED, text, fix)
    elif best[1]:
        text = f"{', '.join(best[1])} of the public access block of {resource.shown} is not known before the update"
        yield Finding(resource, Outcome.UNPROVEN, text, fix)


def _blocks_of(bucket: Resource, graph: Graph) -> list[Resource]:
    return graph.pointing_at(bucket, bucket.reader.one("bucket").text, _BLOCK, "bucket")


def _grant(resource: Resource, context: Context) -> Iterator[Finding]:
    """Access lists and policies that let everybody in."""
    for row in _granting(resource.type):
        found = [(read, who) for read in resource.reader.all(row["path"]) if (who := exposure.public_grant(read))]
        if found and _matters(resource, row, context):
            for read, who in found:
                text = f"{resource.shown} lets everybody in: {who}"
                yield Finding(resource, Outcome.REFUSED, text, f"take the public grant out of {read.path}")


@lru_cache(maxsize=1024)
def _granting(token: str) -> tuple[Mapping[str, str], ...]:
    """The rows of grants.csv for a type: its own, else those of its provider."""
    own = tuple(row for row in tables.rows("grants") if row["type"] == token)
    return own or tuple(row for row in tables.rows("grants") if fnmatchcase(token, row["type"]))


def _matters(resource: Resource, row: Mapping[str, str], context: Context) -> bool:
    """Whether what is granted on holds restricted data: the resource that the grant names, else its own."""
    graph, granting = context.graph, row["path"].partition(".")[0].removesuffix("[]")
    named = [path for path in resource.property_dependencies if path != granting]
    behind = [each for path in named for each in graph.behind(resource, path)] if graph else []
    targets = [each for each in behind if not each.is_component and not each.is_provider] or [resource]
    if row["unless"] and any(not each.reader.one(row["unless"]).absent for each in targets):
        return False
    known = "*" not in row["type"]
    return any(
        restricted(each, context)
        if tables.is_store(each.type) or (known and each is resource)
        else explicitly_restricted(each, context)[0]
        for each in targets
    )


def _network(resource: Resource, context: Context) -> Iterator[Finding]:
    if not restricted(resource, context):
        return
    seen: set[str] = set()
    for read, port in exposure.open_ingress(resource):
        if read.path not in seen:
            yield _ingress(resource, read, port)
        seen.add(read.path)


def _ingress(resource: Resource, read: Read, port: str) -> Finding:
    fix = f"name the networks that may connect in {read.path}"
    if read.unknown:
        text = f"who may connect to {resource.shown} is not known before the update ({read.path})"
        return Finding(resource, Outcome.UNPROVEN, text, fix)
    return Finding(resource, Outcome.REFUSED, f"{resource.shown} lets the whole internet in ({read.path}{port})", fix)


def _service(resource: Resource, context: Context) -> Iterator[Finding]:
    sure, pending = explicitly_restricted(resource, context)
    opened = exposure.public_service(resource) if sure or pending else None
    if opened:
        unknown = resource.kind == "Service" and resource.reader.one("spec.type").unknown
        yield Finding(
            resource,
            Outcome.UNPROVEN if pending or unknown else Outcome.REFUSED,
            f"{resource.shown} puts restricted data on a public address: {opened}",
            "use an internal load balancer or gateway class",
            graph_may_tell=pending,
        )


RULES = (
    Rule(
        id="residency-public-access",
        group="residency",
        severity=Severity.CRITICAL,
        description="Stores and control planes with restricted data are closed to the internet.",
        clauses=("GDPR-32", "SOC2-CC6", "EDPB-05-2021"),
        types=tuple(sorted({row["type"] for row in tables.rows("exposure")})),
        check=_access,
    ),
    Rule(
        id="residency-public-bucket",
        group="residency",
        severity=Severity.CRITICAL,
        description="Every S3 bucket with restricted data has a complete public access block.",
        clauses=("GDPR-32", "SOC2-CC6"),
        types=_BUCKETS,
        check=_bucket,
        whole_stack=True,
    ),
    Rule(
        id="residency-public-grant",
        group="residency",
        severity=Severity.CRITICAL,
        description="No access list or policy lets everybody read restricted data.",
        clauses=("GDPR-32", "SOC2-C1"),
        of_type=lambda token: bool(_granting(token)),
        check=_grant,
        whole_stack=True,
    ),
    Rule(
        id="residency-public-network",
        group="residency",
        severity=Severity.HIGH,
        description="No firewall lets the whole internet in to what works on restricted data.",
        clauses=("GDPR-32", "SOC2-CC6"),
        types=exposure.FIREWALLS,
        check=_network,
    ),
    Rule(
        id="residency-public-service",
        group="residency",
        severity=Severity.HIGH,
        description="Restricted data is served on internal addresses only.",
        clauses=("GDPR-32", "EDPB-05-2021"),
        types=exposure.SERVICES,
        check=_service,
    ),
)
