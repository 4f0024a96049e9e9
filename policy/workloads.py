"""What workloads are told in their environment: where to send telemetry and prompts, and in which region to run.

Owns: the ways to environment variables and to node selectors in each kind that has them, and container definitions that
are JSON text. Refuses to own: which names count (policy/environment.csv) and whether a place is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from policy import tables
from policy.hosts import host_of, inside_cluster
from policy.pods import pod_path
from policy.resource import Resource
from policy.values import Read, Reader, Secret, State

_MAPPINGS = {
    "aws:lambda/function:Function": "environment.variables",
    "gcp:cloudfunctionsv2/function:Function": "serviceConfig.environmentVariables",
    "gcp:cloudfunctions/function:Function": "environmentVariables",
}
_LISTS = {
    "gcp:cloudrunv2/service:Service": "template.containers[].envs[]",
    "gcp:cloudrunv2/job:Job": "template.template.containers[].envs[]",
    "gcp:cloudrun/service:Service": "template.spec.containers[].envs[]",
    "azure-native:app:ContainerApp": "template.containers[].env[]",
    "azure-native:app:Job": "template.containers[].env[]",
    "azure-native:containerinstance:ContainerGroup": "containers[].environmentVariables[]",
    "azure-native:web:WebApp": "siteConfig.appSettings[]",
}
_TASKS = "aws:ecs/taskDefinition:TaskDefinition"
_POD_LISTS = ("containers[].env[]", "initContainers[].env[]")
_TOPOLOGY = frozenset(
    {
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    }
)
_AFFINITY = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[].matchExpressions"

Told = tuple[str, str, Read]
"""(kind of flow, reader of policy.readers, the value)."""


def has_any(token: str) -> bool:
    """Whether resources of this type can tell a workload anything."""
    return token in _MAPPINGS or token in _LISTS or token == _TASKS or token.startswith("kubernetes:")


def told(resource: Resource) -> Iterator[Told]:
    """Every place that a workload is told of."""
    definitions = resource.reader.one("containerDefinitions") if resource.type == _TASKS else None
    if definitions is not None and definitions.unknown:
        yield "log", "any", definitions
    for name, read in _variables(resource):
        row = _row(name)
        if row:
            yield row[0], row[1], read
        elif read.text and "://" in read.text and not inside_cluster(host_of(read.text)):
            yield "route", "known-host", read
    path = pod_path(resource)
    if path:
        yield from _scheduled(resource, path)


@lru_cache(maxsize=4096)
def _row(name: str) -> tuple[str, str] | None:
    for row in tables.rows("environment"):
        if fnmatchcase(name, row["name"]):
            return row["flow"], row["place"]
    return None


def _variables(resource: Resource) -> Iterator[tuple[str, Read]]:
    mapping = _MAPPINGS.get(resource.type)
    if mapping:
        for read in resource.reader.all(f"{mapping}.*"):
            yield read.path.rpartition(".")[2], read
    path = pod_path(resource)
    lists = [f"{path}.{each}" for each in _POD_LISTS] if path else []
    for each in (*lists, *([_LISTS[resource.type]] if resource.type in _LISTS else ())):
        yield from _of_list(resource.reader, each)
    if resource.type == _TASKS:
        yield from _of_tasks(resource)


def _of_list(reader: Reader, path: str) -> Iterator[tuple[str, Read]]:
    """Lists of name and value."""
    for item in reader.all(path):
        if item.known and isinstance(item.value, dict) and isinstance(item.value.get("name"), str):
            found = Reader(item.value).one("value")
            yield (
                item.value["name"],
                Read(f"{item.path}.value", found.state, found.value, found.secret or item.secret),
            )


def _of_tasks(resource: Resource) -> Iterator[tuple[str, Read]]:
    """Container definitions of Amazon ECS: JSON text, of which a part may be unknown."""
    read = resource.reader.one("containerDefinitions")
    value = read.value.value if isinstance(read.value, Secret) else read.value
    try:
        definitions = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return
    reader = Reader({"containerDefinitions": definitions})
    yield from _of_list(reader, "containerDefinitions[].environment[]")
    for option in reader.all("containerDefinitions[].logConfiguration.options.*"):
        yield option.path.rpartition(".")[2], option


def _scheduled(resource: Resource, path: str) -> Iterator[Told]:
    """Regions and zones that a pod asks for."""
    selector = resource.reader.one(f"{path}.nodeSelector")
    for key, value in selector.value.items() if isinstance(selector.value, dict) else ():
        if key in _TOPOLOGY and isinstance(value, str):
            yield "schedule", "any-region", Read(f'{path}.nodeSelector["{key}"]', State.KNOWN, value)
    for read in resource.reader.all(f"{path}.{_AFFINITY}[]"):
        asked = read.value if isinstance(read.value, dict) else {}
        if asked.get("key") in _TOPOLOGY and asked.get("operator") == "In":
            for value in asked.get("values") or ():
                yield "schedule", "any-region", Read(f"{read.path}.values", State.KNOWN, value)
