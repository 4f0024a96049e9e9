"""Rules on where data rests and is processed: the allowed location of each class, and stores that name no class.

Owns: residency-location, residency-untagged-store and contract. Refuses to own: copies and routes
(policy.rules.copies).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pulumi_policy import Severity

from policy import tables
from policy.classes import classes_of
from policy.decisions.residency import judge
from policy.paths import resting
from policy.places import CLOUDS, behind, declared, locate, provider_names
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from ringfence.spec.finding import listed
from ringfence.spec.residency import Outcome, short

_PACKAGES = (*CLOUDS, "kubernetes")
_DECIDED_BY_REPLICATION = ("gcp:secretmanager/secret:Secret",)
"""Where it is, its replication says: residency-replication."""
_FIX = {
    "aws": "set `region` on the resource, or use a provider whose region is allowed",
    "aws-native": "use a provider whose region is allowed",
    "azure-native": "set `location` to an allowed region",
    "azure": "set `location` to an allowed region",
    "google-native": "set `location` to an allowed region",
    "gcp": "set `location` (or `region`, `zone`) to an allowed region",
    "kubernetes": "deploy it to a cluster in an allowed country; `locations` in the contract says where a cluster is",
}


def is_store(resource: Resource) -> bool:
    """Whether the resource keeps data."""
    if resource.type == "kubernetes:apps/v1:StatefulSet":
        return not resource.reader.one("spec.volumeClaimTemplates").absent
    return tables.is_store(resource.type)


def _location(resource: Resource, context: Context) -> Iterator[Finding]:
    contract = context.contract
    if resource.type == "pulumi:providers:kubernetes":
        yield from _declared_elsewhere(resource, context)
    if contract is None or resource.package not in _PACKAGES or resource.is_component or _holds_nothing(resource):
        return
    store = is_store(resource)
    classes = classes_of(resource, context)
    if classes.graph_may_tell and store:
        yield Finding(resource, Outcome.UNPROVEN, "its class is its namespace's", "label it", graph_may_tell=True)
    if classes.unknown and store:
        text = f"the class of data on {resource.shown} is not known before the update ({classes.unknown})"
        fix = f"give the tag {contract.tag_key} a plain value"
        missing = f"the value of {classes.unknown}"
        yield Finding(resource, Outcome.UNPROVEN, text, fix, property_path=classes.unknown, missing=missing)
    names = classes.names
    if resource.type in _DECIDED_BY_REPLICATION:
        names = frozenset(name for name in names if name not in contract.data_classes)
    if not names or not (store or classes.explicit):
        return
    place = locate(resource, context)
    for found in judge(names, "rest" if store else "process", place, contract):
        yield Finding(
            resource,
            found.outcome,
            f"{found.data_class} data on {resource.shown} {found.reason}",
            _FIX.get(resource.package, _FIX["aws"]),
            found.allowed,
            graph_may_tell=place.graph_may_tell and found.outcome is Outcome.UNPROVEN,
            path=resting(resource, found.data_class, place, context),
            property_path=place.told_by or "location",
            value=place.name or "unknown",
            data_class=found.data_class,
            missing=found.missing,
        )


def _holds_nothing(resource: Resource) -> bool:
    return resource.type in tables.harmless()


def _untagged(resource: Resource, context: Context) -> Iterator[Finding]:
    contract = context.contract
    if contract is None or not is_store(resource):
        return
    classes = classes_of(resource, context)
    if classes.names or classes.unknown:
        return
    kind = "label" if resource.package in ("kubernetes", "gcp") else "tag"
    key = contract.tag_key
    if resource.package == "kubernetes" and "/" not in key:
        key = f"ringfence.dev/{key}"
    yield Finding(
        resource,
        Outcome.REFUSED if not classes.graph_may_tell else Outcome.UNPROVEN,
        f"{resource.shown} keeps data and does not say of which class",
        f"add the {kind} {key} with one of {listed(contract.data_classes)}, or set defaultDataClass in the contract",
        graph_may_tell=classes.graph_may_tell,
    )


def _no_contract(graph: Graph, context: Context) -> Iterable[Finding]:
    if context.contract is not None:
        return
    stores = [each for each in graph.resources.values() if is_store(each)]
    if stores:
        names = ", ".join(each.name for each in stores[:5]) + (
            f" and {len(stores) - 5} more" if len(stores) > 5 else ""
        )
        yield Finding(
            stores[0],
            Outcome.UNPROVEN,
            f"nothing says where the data on {names} may be: there is no contract",
            "write ringfence.policy.yaml beside Pulumi.yaml, or pass `contract` in --policy-pack-config",
        )


def _declared_elsewhere(resource: Resource, context: Context) -> Iterator[Finding]:
    """A cluster's provider that the contract puts in one country and the stack makes in another."""
    names = provider_names(resource)
    said = declared(context.contract, *(f"kubernetes:{name}" for name in names))
    if said is None:
        return
    if context.graph is None:
        yield Finding(resource, Outcome.UNPROVEN, "its cluster may be in the stack", "wait", graph_may_tell=True)
        return
    for path in ("kubeconfig", "cluster"):
        made = behind(resource, path, context) if resource.property_dependencies.get(path) else None
        if made and made.countries and not made.countries <= (said.countries or frozenset()):
            text = f"{resource.shown} is declared in {short(said.countries or ())}, and its cluster is in "
            text += f"{short(made.countries)} ({made.shown})"
            yield Finding(resource, Outcome.REFUSED, text, f"correct kubernetes:{said.name} under locations")


RULES = (
    Rule(
        id="residency-location",
        group="residency",
        severity=Severity.CRITICAL,
        description="Data rests, is processed and is operated only where its class allows.",
        clauses=("GDPR-44", "GDPR-49", "DORA-30"),
        check=_location,
    ),
    Rule(
        id="residency-untagged-store",
        group="residency",
        severity=Severity.HIGH,
        description="Every data store names the class of data that it keeps.",
        clauses=("GDPR-30", "SOC2-C1"),
        of_type=tables.is_store,
        check=_untagged,
    ),
    Rule(
        id="contract",
        group="contract",
        severity=Severity.HIGH,
        description="A contract says where each class of data may be.",
        clauses=("GDPR-30", "GDPR-25"),
        check_stack=_no_contract,
    ),
)
