"""Mutants of policy/stores.csv: each store abroad by every rung of the ladder that says where it is, or classless.

Owns the ladder's mutants: own property, provider, stack configuration, environment, graph, resource group, cluster.
Refuses to own copies of a store (ringfence.mutation.families.locators).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policy import tables
from ringfence.mutation import shapes
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, AT_HOME, CLOUD, HOST, made, provider_of, stack, store
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, without

_LOCATION = frozenset({"residency-location"})
_ANYWHERE_SAID = {"aws": "region", "aws-native": "region", "azure-native": "location", "gcp": "region"}
_VARIABLE = {"aws": "AWS_REGION", "aws-native": "AWS_REGION", "azure-native": "ARM_LOCATION", "gcp": "GOOGLE_REGION"}


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of every store."""
    for token, default in tables.stores().items():
        package = token.partition(":")[0]
        yield from _classless(token, package)
        if package == "kubernetes":
            yield from _on_clusters(token)
        elif shapes.place_path(token):
            yield from _placed(token, package, default)
        elif package == "azure-native":
            yield from _grouped(token)
        elif package == "aws":
            yield from _by_provider(token, package)
    for row in tables.rows("native_types"):
        if row["kind"] == "store" and "*" not in row["type"]:
            yield from _classless(row["type"], "aws-native")
            yield from _by_provider(row["type"], "aws-native")


def _mutant(token: str, how: str, program: Program, *places: str, rules: frozenset[str] = _LOCATION) -> Mutant:
    package = token.partition(":")[0]
    expected = Expected(rules, "it", "", places)
    return Mutant(f"stores/{token}/{how}", HOST.get(package, package), "rest", program, expected, how)


def _compliant(token: str, how: str, program: Program) -> Compliant:
    package = token.partition(":")[0]
    return Compliant(f"stores/{token}/{how}", HOST.get(package, package), "rest", program)


def _with(token: str, **changes: Any) -> Program:
    """The compliant stack with a compliant store of the type, of which some fields are changed."""
    whole = made(token, "it")
    inputs = changes.pop("inputs", None)
    resource = replace(whole.resource, inputs=whole.resource.inputs if inputs is None else inputs, **changes)
    companions = whole.companions
    return stack(token.partition(":")[0]).adding((resource, *companions))


def _placed(token: str, package: str, default: str) -> Iterator[Case]:
    path = shapes.place_path(token)
    assert path is not None
    cloud = CLOUD[package]
    abroad = ABROAD[cloud]
    inputs = made(token, "it").resource.inputs
    value = f"{abroad}-a" if path == "zone" else abroad
    yield _compliant(token, "own", _with(token, inputs=placed(inputs, path, _zoned(path, AT_HOME[cloud]))))
    yield _mutant(token, "own", _with(token, inputs=placed(inputs, path, value)), abroad, ABROAD_COUNTRY)
    yield _mutant(token, "unlisted", _with(token, inputs=placed(inputs, path, "mars-north1")), "mars-north1")
    unknown = placed(inputs, path, UNKNOWN)
    yield _mutant(token, "unknown", _with(token, inputs=unknown))
    hidden = frozenset({"residency-opaque"})
    yield _mutant(token, "hidden", _with(token, ignore_changes=(path,)), "ignoreChanges", rules=hidden)
    away = _with(token, inputs=unknown, edges={**made(token, "it").resource.edges, path: ("afar",)})
    target = store(package, "afar", "public", abroad)
    yield _mutant(token, "edge", _first(away, target.all), abroad, ABROAD_COUNTRY)
    near = _with(token, inputs=unknown, edges={**made(token, "it").resource.edges, path: ("near",)})
    yield _compliant(token, "edge", _first(near, store(package, "near", "public").all))
    if default:
        yield _mutant(token, "absent", _with(token, inputs=without(inputs, path)), default, ABROAD_COUNTRY, "any")
    elif _optional(token, path):
        yield from _by_provider(token, package, path)


def _zoned(path: str, region: str) -> str:
    return f"{region}-a" if path == "zone" else region


def _first(program: Program, resources: tuple[Planned, ...]) -> Program:
    return replace(program, resources=(*resources, *program.resources))


def _optional(token: str, path: str) -> bool:
    known = shapes.inputs(token)
    return known is None or not known.properties[path].required


def _by_provider(token: str, package: str, path: str | None = None) -> Iterator[Case]:
    """The resource says nothing: its provider, the stack's configuration or the environment does, or nobody."""
    cloud = CLOUD[package]
    inputs = made(token, "it").resource.inputs
    inputs = without(inputs, path) if path else inputs
    # A zone says the place too.
    inputs = without(inputs, "availabilityZone")
    if package == "azure-native":
        # Without a location of its own it would be where its resource group is.
        inputs = without(inputs, "resourceGroupName")
    abroad, home, key = ABROAD[cloud], AT_HOME[cloud], f"{package}:{_ANYWHERE_SAID[package]}"
    yield _compliant(token, "provider", _with(token, inputs=inputs))
    elsewhere = _with(token, inputs=inputs, provider=provider_of(package, abroad), provider_name="us")
    yield _mutant(token, "provider", elsewhere, abroad, ABROAD_COUNTRY)
    silent = _with(token, inputs=inputs, provider={})
    silent = replace(silent, resources=_quietly(silent))
    yield _compliant(token, "config", replace(silent, config={key: home}))
    yield _mutant(token, "config", replace(silent, config={key: abroad}), abroad, ABROAD_COUNTRY)
    variable = _VARIABLE[package]
    yield _mutant(token, "environment", replace(silent, environment={variable: abroad}), abroad, ABROAD_COUNTRY)
    yield _mutant(token, "assumed", replace(silent, environment={variable: home}))
    yield _mutant(token, "nowhere", silent)


def _quietly(program: Program) -> tuple[Planned, ...]:
    """The companions of the resource share its provider."""
    mine = {"it-block", "it-encryption"}
    return tuple(replace(each, provider={}) if each.name in mine else each for each in program.resources)


def _grouped(token: str) -> Iterator[Case]:
    """Azure's types without a location are where their resource group is."""
    home = made(token, "it").resource
    yield _compliant(token, "group", _with(token))
    group = Planned("azure-native:resources:ResourceGroup", "us", {"location": "eastus", "resourceGroupName": "us"})
    for how, value, edge in (("group", UNKNOWN, ("us",)), ("group-name", "us", ())):
        edges = {**home.edges, "resourceGroupName": edge}
        program = _with(token, inputs=placed(home.inputs, "resourceGroupName", value), edges=edges)
        yield _mutant(token, how, _first(program, (group,)), "eastus", ABROAD_COUNTRY)
    lost = _with(token, inputs=placed(home.inputs, "resourceGroupName", "gone"), edges={})
    yield _mutant(token, "nowhere", lost)


def _on_clusters(token: str) -> Iterator[Case]:
    extra = {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}} if "StatefulSet" in token else None
    whole = made(token, "it", inputs=extra).resource

    def on(name: str, provider: dict[str, Any], *others: Planned) -> Program:
        return stack("kubernetes").adding((*others, replace(whole, provider=provider, provider_name=name)))

    yield _compliant(token, "declared", on("fra", {"clusterIdentifier": "dc-frankfurt"}))
    yield _compliant(token, "provider-name", on("dc-frankfurt", {}))
    yield _mutant(token, "declared", on("us", {"clusterIdentifier": "dc-ohio"}), "dc-ohio", ABROAD_COUNTRY)
    yield _mutant(token, "context", on("us", {"context": "dc-ohio"}), "dc-ohio", ABROAD_COUNTRY)
    yield _mutant(token, "undeclared", on("nowhere", {"clusterIdentifier": "nowhere"}))
    for region, kind in ((ABROAD["aws"], Mutant), (AT_HOME["aws"], Compliant)):
        cluster = Planned("aws:eks/cluster:Cluster", "eks", _closed(), provider_of("aws", region), f"in-{region}")
        link = {"kubeconfig": ("eks",)}
        provider = Planned("pulumi:providers:kubernetes", "eks-k8s", {"kubeconfig": UNKNOWN}, None, edges=link)
        program = on("eks-k8s", {"kubeconfig": UNKNOWN}, cluster, provider)
        if kind is Mutant:
            yield _mutant(token, "cluster", program, region, ABROAD_COUNTRY)
        else:
            yield _compliant(token, "cluster", program)


def _closed() -> dict[str, Any]:
    """Inputs of an EKS cluster that no rule has anything against."""
    return dict(made("aws:eks/cluster:Cluster", "eks").resource.inputs)


def _classless(token: str, package: str) -> Iterator[Case]:
    """Nothing says which class of data the store keeps."""
    path = shapes.tag_path(token)
    extra = {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}} if "StatefulSet" in token else None
    whole = made(token, "it", inputs=extra)
    bare = without(whole.resource.inputs, path) if path else whole.resource.inputs
    program = stack(package).adding(
        (replace(whole.resource, inputs=bare), *whole.companions), {"defaultDataClass": None}
    )
    wanted = frozenset({"residency-untagged-store"})
    yield _mutant(token, "untagged", program, "class", "data-class", rules=wanted)
    if path:
        key = "ringfence.dev/data-class" if package == "kubernetes" else "data-class"
        unknown = replace(whole.resource, inputs=placed(bare, path, {key: UNKNOWN}))
        program = stack(package).adding((unknown, *whole.companions))
        yield _mutant(token, "unknown-class", program, "class", rules=_LOCATION | wanted)
        misspelt = replace(whole.resource, inputs=placed(bare, path, {key: "pateint"}))
        yield _mutant(token, "unheard-class", stack(package).adding((misspelt, *whole.companions)), "pateint",
                      rules=_LOCATION | wanted)  # fmt: skip
