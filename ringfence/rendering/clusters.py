"""From the states of planned resources to what each cluster gets.

Owns: which resource is whose cluster's, which of them are manifests, and what is reported instead. Refuses to own:
getting the states (preview.py) and the writing of slots (slots.py).

A state is what the engine writes of a resource, in a preview's events (`Result.resources`) and in an exported state
(`deployment.resources`) alike: `urn`, `type`, `custom`, `inputs`, `provider`, and `external` for what is only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringfence.errors import RingfenceError
from ringfence.rendering.order import apply_order
from ringfence.rendering.slots import UNKNOWN, Slot, is_unknown, slotted

Manifest = dict[str, Any]
State = Mapping[str, Any]

PROVIDER = "pulumi:providers:kubernetes"
RELEASE = "kubernetes:helm.sh/v3:Release"
_AUTONAMED = "pulumi.com/autonamed"


class RenderingError(RingfenceError):
    """States from which no manifests can be told; the message names the resources."""


@dataclass(frozen=True, kw_only=True)
class Omitted:
    """A resource of a cluster that is no manifest, and why."""

    urn: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RenderedCluster:
    """What a stack puts on one cluster."""

    name: str
    """The name of the cluster's Kubernetes provider."""
    site: str | None
    """Where the cluster stands, from the stack's output `clusters`; None where the stack has no such output."""
    delivery: Literal["push", "pull"]
    """`pull` where the provider writes manifests to a folder for the site to reconcile."""
    manifests: tuple[Manifest, ...]
    """In an order in which they can be applied: definitions, namespaces, what bounds others, the rest by name."""
    slots: tuple[Slot, ...]
    """Each value that the manifests and the releases lack, in their order."""
    releases: tuple[Manifest, ...]
    """Helm releases that Pulumi installs itself, by name: the inputs of `kubernetes:helm.sh/v3:Release`."""
    omitted: tuple[Omitted, ...]
    """Everything else, by URN: it is not in the manifests, and somebody has to know."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Names of the namespaces among the manifests."""
        return tuple(each["metadata"]["name"] for each in self.manifests if each["kind"] == "Namespace")


def render(resources: Iterable[State]) -> dict[str, RenderedCluster]:
    """What each cluster gets, by the name of its Kubernetes provider, sorted. A cluster that gets nothing is there too.

    Raises:
        RenderingError: two clusters' providers have one name, or two resources are the same object.
    """
    states = [state for state in resources if not state.get("delete")]
    providers = _providers(states)
    sites = _sites(states)
    owned: dict[str, list[State]] = {name: [] for name in providers.values()}
    for state in states:
        if not state.get("custom") or state.get("external") or not state["type"].startswith("kubernetes:"):
            continue
        urn = state["provider"].rpartition("::")[0]
        owned.setdefault(providers.get(urn) or _name(urn), []).append(state)
    pulled = {_name(s["urn"]) for s in states if s["type"] == PROVIDER and s["inputs"].get("renderYamlToDirectory")}
    return {
        name: _cluster(name, owned[name], sites.get(name), "pull" if name in pulled else "push")
        for name in sorted(owned)
    }


def _providers(states: Iterable[State]) -> dict[str, str]:
    """URN to name of every Kubernetes provider."""
    found: dict[str, str] = {}
    for state in states:
        if state["type"] != PROVIDER:
            continue
        name = _name(state["urn"])
        other = next((urn for urn, known in found.items() if known == name and urn != state["urn"]), None)
        if other:
            raise RenderingError(
                f"two Kubernetes providers are called {name}, {other} and {state['urn']}: which cluster gets what is "
                "told by a provider's name; rename one"
            )
        found[state["urn"]] = name
    return found


def _sites(states: Iterable[State]) -> dict[str, str]:
    """Cluster to site, where the stack says it."""
    for state in states:
        clusters = (state.get("outputs") or {}).get("clusters") if state["type"] == "pulumi:pulumi:Stack" else None
        if isinstance(clusters, Mapping):
            return {n: str(c["site"]) for n, c in clusters.items() if isinstance(c, Mapping) and "site" in c}
    return {}


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _cluster(
    name: str, states: Iterable[State], site: str | None, delivery: Literal["push", "pull"]
) -> RenderedCluster:
    manifests: list[tuple[Manifest, list[Slot]]] = []
    releases: list[tuple[Manifest, list[Slot]]] = []
    omitted: list[Omitted] = []
    for state in states:
        reason = _not_a_manifest(state)
        if state["type"] == RELEASE:
            key = f"Release/{state['inputs'].get('namespace', 'default')}/{state['inputs'].get('name')}"
            releases.append(slotted(_without_internals(state["inputs"]), key))
        elif reason:
            omitted.append(Omitted(urn=state["urn"], reason=reason))
        else:
            manifest = _without_internals(state["inputs"])
            manifests.append(slotted(_named(manifest), _key(manifest, state["urn"])))
    manifests.sort(key=lambda pair: apply_order(pair[0]))
    releases.sort(key=lambda pair: (str(pair[0].get("namespace")), str(pair[0].get("name"))))
    _refuse_doubles(name, [manifest for manifest, _ in manifests])
    return RenderedCluster(
        name=name,
        site=site,
        delivery=delivery,
        manifests=tuple(manifest for manifest, _ in manifests),
        slots=tuple(slot for _, slots in [*manifests, *releases] for slot in slots),
        releases=tuple(release for release, _ in releases),
        omitted=tuple(sorted(omitted, key=lambda each: each.urn)),
    )


def _not_a_manifest(state: State) -> str | None:
    inputs, kind = state["inputs"], state["type"].rpartition(":")[2]
    if not isinstance(inputs.get("metadata"), Mapping) or not inputs.get("apiVersion") or not inputs.get("kind"):
        return "it has no apiVersion, kind and metadata that are known before the stack is up"
    if kind == f"{inputs['kind']}Patch":
        return "it changes an object that something else makes"
    if kind == f"{inputs['kind']}List" or (inputs["kind"].endswith("List") and "items" in inputs):
        return "it is a list of objects: declare each one"
    if not inputs["metadata"].get("name"):
        return "the cluster would choose its name"
    return None


def _without_internals(inputs: Mapping[str, Any]) -> Manifest:
    return {name: value for name, value in inputs.items() if not name.startswith("__")}


def _named(manifest: Manifest) -> Manifest:
    """A name that Pulumi would draw anew counts as not known: rendered twice, it would be another object."""
    annotations = manifest["metadata"].get("annotations")
    if not (isinstance(annotations, Mapping) and annotations.get(_AUTONAMED)):
        return manifest
    kept = {name: value for name, value in annotations.items() if name != _AUTONAMED}
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "annotations"}
    metadata |= {"name": UNKNOWN} | ({"annotations": kept} if kept else {})
    return {**manifest, "metadata": metadata}


def _key(manifest: Manifest, urn: str) -> str:
    """`Kind/namespace/name`; the resource's own name, after a `~`, where the object's is not known."""
    metadata = _named(manifest)["metadata"]
    name = metadata["name"]
    shown = f"~{_name(urn)}" if not isinstance(name, str) or is_unknown(name) else name
    return "/".join(str(part) for part in (manifest["kind"], metadata.get("namespace"), shown) if part)


def _refuse_doubles(cluster: str, manifests: Iterable[Manifest]) -> None:
    seen: set[tuple[str, str, str, str]] = set()
    for manifest in manifests:
        metadata = manifest["metadata"]
        group = manifest["apiVersion"].rpartition("/")[0]
        identity = (group, manifest["kind"], str(metadata.get("namespace") or ""), str(metadata["name"]))
        if identity in seen:
            raise RenderingError(f"{cluster}: {'/'.join(part for part in identity[1:] if part)} is there twice")
        seen.add(identity)
