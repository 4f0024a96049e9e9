"""What makes a property a candidate: the words of its name, what its documentation says, the values it can take.

Owns the words. Refuses to own what a candidate means: that is reviewed by people, in policy/reviewed.csv.
"""

from __future__ import annotations

import re
from functools import lru_cache

NAMES = frozenset(
    """
    region regions location locations zone zones az azs country countries continent geo geography geographies locality
    replica replicas replication replicate replicated redundancy redundant secondary standby witness peer peers peering
    paired pair remote external foreign cross global multi federation federated
    destination destinations target targets sink sinks source sources upstream upstreams origin origins
    endpoint endpoints url urls uri uris host hosts hostname hostnames server servers fqdn domain domains dns address
    addresses proxy webhook webhooks callback connection connections connector connectors gateway link links
    arn arns bucket buckets account accounts container blob queue queues topic topics stream streams broker brokers
    bootstrap subscription subscriptions tenant tenants organization
    backup backups snapshot snapshots restore recovery vault vaults archive copy copies clone
    export exports import imports output outputs dump
    mirror mirrors mirroring failover failback route routes routing traffic edge cdn accelerator acceleration
    kms key keys cmk encryption secret secrets credential credentials certificate
    registry registries image images repository repositories repo artifact artifacts package packages chart charts
    log logs logging audit diagnostics diagnostic telemetry metrics metric monitoring trace tracing workspace workspaces
    sku tier redundancytype storagelocation
    model models inference profile weights checkpoint dataset datasets
    cluster clusters placement residency sovereign support access share shared sharing
    """.split()  # noqa: SIM905 - a list of words is easier to read and to extend than a list of strings
)
"""Words that make a text property a candidate when they stand in its own name."""

STRONG = NAMES & frozenset(
    """
    region regions location locations zone zones replica replicas replication redundancy secondary witness destination
    destinations target targets sink sinks upstream upstreams origin origins endpoint endpoints bucket buckets backup
    backups snapshot snapshots vault export exports mirror mirrors failover registry registries image images logging
    placement residency
    """.split()  # noqa: SIM905
)
"""Words in the name of its parent that make a property called `name`, `id`, `value` or the like a candidate."""

PLAIN = frozenset(
    {"name", "id", "value", "values", "uri", "type", "path", "resource", "resources", "kind", "mode", "ref"}
)

SWITCHES = frozenset(
    """
    region regions regional geo replica replicas replication redundant redundancy secondary global multi cross failover
    acceleration accelerate edge cdn mirror residency
    """.split()  # noqa: SIM905
)
"""Words that make a switch (true or false), or an object whose presence says it all, a candidate."""

_PROSE = re.compile(
    r"""(another|other|different|second(ary)?|destination|target|remote|paired|which|all|multiple|source)\s+(AWS\s+|Azure\s+|Google\s+Cloud\s+)?(region|location|zone|continent)s?\b
    |(cross|multi)[- ]?region|geo[- ]?(redundan|replicat)|\breplicat(e|ed|ion)\s+(to|from|of)\b
    |\bs3://|\bgs://|\babfss?://|\bhttps?\s+(url|endpoint)|(amazon\s+)?resource\s+name\s+\(arn\)|\barn\s+of\b
    |\b(s3|cloud\s+storage|gcs)\s+(bucket|uri|url|path|location)\b|\bresource\s+id\s+of\s+the\b.*\b(storage|workspace|event\s*hub|vault)
    |\bthird[- ]part(y|ies)\b|\bexport(ed|s)?\s+to\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_VALUE = re.compile(
    r"GRS|GZRS|Geo|Global|MultiRegion|multi_region|CrossRegion|EDGE|RAGRS|DataZone|ALL_REGIONS|WORLD|\bGLOBAL"
)


@lru_cache(maxsize=100_000)
def words(name: str) -> frozenset[str]:
    """The words of a property name: `s3BucketArn` is s3, bucket, arn."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", re.sub(r"([a-z\d])([A-Z])", r"\1 \2", name))
    return frozenset(spaced.lower().replace("_", " ").replace("-", " ").split())


def why(path: tuple[str, ...], kind: str, prose: str, values: tuple[str, ...]) -> str:
    """What makes a leaf a candidate ("name: bucket", "documentation: another region", "value: Standard_GRS"), or "".

    `kind` is `text` (also maps and lists of it, and what no SDK describes), `switch`, or `object` (without properties).
    """
    names = [step for step in path if step not in ("[]", "*")]
    own = words(names[-1]) if names else frozenset()
    if kind in ("switch", "object"):
        return _first("name", own & SWITCHES)
    found = own & NAMES
    if found:
        return _first("name", found)
    if len(names) > 1 and (own & PLAIN or names[-1].lower() in PLAIN):
        above = words(names[-2]) & STRONG
        if above:
            return _first("parent", above)
    for value in values:
        if _VALUE.search(value):
            return f"value: {value}"
    said = _PROSE.search(prose)
    return f"documentation: {' '.join(said[0].split())[:40]}" if said else ""


def _first(where: str, found: frozenset[str]) -> str:
    return f"{where}: {min(found)}" if found else ""
