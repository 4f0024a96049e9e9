"""Images, charts and weights of an export: which ones, by the objects and charts of the clusters; then from a registry.

Owns: the closure of a whole stack, and what an export says of it. Refuses to own: the search within one object or chart
(ringfence.airgap.images) and the fetching (artefacts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ringfence.airgap.images.found import Closure, Why
from ringfence.airgap.images.manifests import manifests_images
from ringfence.airgap.images.operators import Node, read_inventory
from ringfence.airgap.images.reference import Reference
from ringfence.airgap.manifest import LeftOut, Role
from ringfence.crossing import artefacts, charts, layout, tools
from ringfence.crossing.artefacts import Resolved
from ringfence.crossing.charts import ChartUse
from ringfence.crossing.export import Gathered, Order, Say
from ringfence.crossing.papers import json_content
from ringfence.crossing.registry import Registry
from ringfence.engine.places import Places
from ringfence.errors import UsageError
from ringfence.facts.addons import add_on_rows
from ringfence.rendering import RenderedCluster

ARTEFACTS = frozenset({"images", "charts", "weights"})
_PARTS = {Role.IMAGE: "images", Role.CHART: "charts", Role.WEIGHTS: "weights"}


@dataclass(frozen=True)
class Artefacts:
    """A source of an export (`export.Source`)."""

    places: Places
    platforms: tuple[str, ...] = ("linux/amd64",)

    def __call__(self, order: Order, gathered: Gathered, say: Say) -> None:
        """Add the OCI layout, and the closure with its reasons."""
        clusters = [each for each in gathered.reading.clusters.values() if order.site in (None, each.site)]
        inventory = read_inventory(order.inventory) if order.inventory else {}
        used = [use for cluster in clusters for use in charts.uses(cluster)]
        closure = objects_closure(clusters, inventory)
        if "charts" not in order.without:
            _refuse_unreachable(used, gathered)
        resolved: list[Resolved] = []
        if order.registry is None and not order.without >= ARTEFACTS:
            raise UsageError(
                "images, charts and weights come from a registry: name it, --from REGISTRY, or leave them out, "
                f"--without {','.join(sorted(ARTEFACTS - order.without))}"
            )
        if order.registry is not None and not order.without >= ARTEFACTS:
            registry = Registry(order.registry)
            resolved = self._charts(registry, used, order, gathered, closure, inventory, say)
            resolved += self._others(registry, closure, gathered, say)
            resolved = [each for each in resolved if _PARTS[each.role] not in order.without]
            artefacts.fetch(registry, resolved, self.places.cache, _said(say))
            gathered.contents += artefacts.contents(resolved, self.places.cache)
        for part in sorted(ARTEFACTS & order.without):
            gathered.left_out.append(LeftOut(what=part, names=_names(part, used, closure)))
        for each in closure.unresolved if "images" not in order.without else ():
            gathered.problems[each.name] = f"{each.reason} ({each.why})"
        said = closure.as_json() | {"charts": sorted({f"{use.source}" for use in used})}
        reason = "every image that is asked for, why, and what could not be resolved"
        gathered.contents.append(json_content(layout.CLOSURE, Role.LOCK, said, reason))
        if resolved:
            gathered.contents.append(json_content(f"{layout.LOCK}/images.json", Role.LOCK, lock(resolved), "digests"))

    def _charts(
        self,
        registry: Registry,
        used: Sequence[ChartUse],
        order: Order,
        gathered: Gathered,
        closure: Closure,
        inventory: Mapping[str, Sequence[Node]],
        say: Say,
    ) -> list[Resolved]:
        """Resolve and fetch the charts, and add the images that they ask for to the closure."""
        program = tools.kept("helm", self.places)
        made: dict[Reference, Resolved] = {}
        for use in used:
            if use.reference is None:
                continue
            if use.reference not in made:
                say(f"chart {use.reference}")
                found = artefacts.resolve(registry, use.reference, self.platforms)
                if found is None:
                    gathered.problems[f"missing/{use.reference}"] = (
                        f"{registry.address} does not have it ({use.source})"
                    )
                    continue
                made[use.reference] = found
            found = made[use.reference]
            found.why.append(Why(use.source, f"release {use.namespace}/{use.release}", "chart"))
            artefacts.fetch(registry, [found], self.places.cache, lambda done, total: None)
            layer = next((blob for blob in found.blobs if blob.media == charts.LAYER), None)
            if layer is None:
                gathered.problems[f"no-chart/{use.reference}"] = f"it is no chart: no layer {charts.LAYER}"
                continue
            archive = artefacts.cached(self.places.cache, layer.digest)
            version = order.kubernetes.get(use.cluster)
            closure.merge(charts.images(use, archive, program, version, inventory.get(use.cluster, ())))
        closure.pin({pin.image: pin.digest for row in add_on_rows().values() for pin in row.images})
        return list(made.values())

    def _others(self, registry: Registry, closure: Closure, gathered: Gathered, say: Say) -> list[Resolved]:
        """Resolve what is no chart. The same name leads to the same digest for everybody who asks for it."""
        made = []
        for number, (reference, why) in enumerate(sorted(closure.images.items(), key=lambda item: str(item[0])), 1):
            say(f"{number} of {len(closure.images)}: {reference}")
            found = artefacts.resolve(registry, reference, self.platforms)
            if found is None:
                gathered.problems[f"missing/{reference}"] = f"{registry.address} does not have it ({min(why)})"
                continue
            found.why += sorted(why)
            made.append(found)
        _refuse_clashes(made, gathered)
        return made


def objects_closure(clusters: Iterable[RenderedCluster], inventory: Mapping[str, Sequence[Node]]) -> Closure:
    """The images of the clusters' own objects, and of the values that their charts are given."""
    closure = Closure()
    for cluster in clusters:
        nodes = inventory.get(cluster.name, ())
        closure.merge(manifests_images(cluster.manifests, f"cluster {cluster.name}", nodes))
    named = {str(use.reference) for cluster in clusters for use in charts.uses(cluster)}
    closure.images = {reference: why for reference, why in closure.images.items() if str(reference) not in named}
    return closure


def _refuse_unreachable(used: Iterable[ChartUse], gathered: Gathered) -> None:
    for use in used:
        if use.reference is None:
            gathered.problems[f"unreachable/{use.cluster}/{use.release}"] = (
                f"chart {use.named} is on an index that a side without a network cannot reach: give its site a "
                "registry, and the chart as an OCI artefact"
            )


def _refuse_clashes(resolved: Iterable[Resolved], gathered: Gathered) -> None:
    """A registry that mirrors several hosts by path can hold one artefact under a path and a tag."""
    seen: dict[tuple[str, str | None], Resolved] = {}
    for each in resolved:
        key = (each.reference.path, each.reference.tag)
        other = seen.setdefault(key, each)
        if each.reference.tag and other.root.digest != each.root.digest:
            gathered.problems[f"clash/{each.reference.path}:{each.reference.tag}"] = (
                f"{other.reference} and {each.reference} are two artefacts of one name at a mirror"
            )


def _names(part: str, used: Iterable[ChartUse], closure: Closure) -> tuple[str, ...]:
    """What is left out, as far as it is known without a registry."""
    if part == "charts":
        return tuple(sorted({str(use.reference) for use in used if use.reference}))
    return tuple(sorted(map(str, closure.images))) if part == "images" else ()


def lock(resolved: Iterable[Resolved]) -> dict[str, object]:
    """The digests, in the shape of imgpkg's ImagesLock: what is pulled is what was resolved."""
    images = [
        {
            "image": f"{each.reference.repository}@{each.root.digest}",
            "annotations": {"ringfence.dev/tag": each.reference.tag or "", "ringfence.dev/role": each.role.value},
        }
        for each in sorted(resolved, key=lambda each: str(each.reference))
    ]
    return {"apiVersion": "imgpkg.carvel.dev/v1alpha1", "kind": "ImagesLock", "images": images}


def _said(say: Say) -> Callable[[int, int], None]:
    return lambda done, total: say(f"fetched {done:,} of {total:,} bytes")
