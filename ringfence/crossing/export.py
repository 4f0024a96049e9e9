"""Builds a bundle from a stack: gathers, checks that nothing is missing, seals.

Owns: the order of it, and what makes an export fail. Refuses to own each part: the readings (reading.py), the contents
(program.py, papers.py, manifests.py, runtime.py, artefacts.py) and the file (ringfence.airgap).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ringfence.airgap import building, delta
from ringfence.airgap.building import Built
from ringfence.airgap.contents import Content
from ringfence.airgap.keys import Sealer
from ringfence.airgap.leaks import LeakWatch
from ringfence.airgap.manifest import LeftOut, Manifest, Waiver
from ringfence.crossing import layout, manifests, papers, program, reading
from ringfence.crossing.reading import Reading
from ringfence.engine.places import SOURCE_ROOT
from ringfence.engine.run import Embedded
from ringfence.errors import RingfenceError, UsageError

PARTS = ("images", "charts", "weights", "wheels", "engine")
"""What may be left out of a bundle by name; it is incomplete then."""
OUR_PACK = "ringfence"
"""What a bundle calls the policy pack that comes with Ringfence: the other side uses its own copy of it."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to export, and how."""

    folder: Path
    """The Pulumi project's."""
    stack: str
    sequence: int
    site: str | None = None
    pack: Path | None = None
    without: frozenset[str] = frozenset()
    waivers: Mapping[str, str] = field(default_factory=dict)
    """Findings that somebody accepted by name, each with the reason."""
    kubernetes: Mapping[str, str] = field(default_factory=dict)
    """Cluster to Kubernetes minor, where the stack's file does not say it."""
    base: Manifest | None = None
    registry: str | None = None
    """Host, and path if any, of the registry that has images, charts and weights."""
    inventory: Path | None = None
    """File that says what the nodes run."""

    def numbered(self, sequence: int) -> Order:
        """The same order with a number."""
        return replace(self, sequence=sequence)

    @property
    def name(self) -> str:
        """What sequences count by: the stack, or the stack and the site."""
        return f"{self.stack}-{self.site}" if self.site else self.stack


@dataclass
class Gathered:
    """Everything that goes into a bundle, and what stands in its way."""

    reading: Reading
    contents: list[Content] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    """Name to what is wrong: each refuses the export unless it is waived by its name."""
    facts: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    secrets: dict[str, str | bytes] = field(default_factory=dict)
    """Slot to value: what must be in no member. It never leaves the process."""


Source = Callable[["Order", "Gathered", Say], None]
"""Adds one kind of contents (images, charts, wheels) to what was gathered."""


def gather(embedded: Embedded, order: Order, say: Say, sources: Iterable[Source] = ()) -> Gathered:
    """Everything that goes into the bundle.

    Raises:
        RingfenceError: the stack does not preview, or something that should cross is missing and not waived.
        UsageError: a site that there is not.
    """
    say(f"previewing {order.stack}")
    known = reading.read(embedded, order.folder, order.stack, order.pack)
    _require_site(order, known)
    gathered = Gathered(known, secrets=dict(_texts(known.state.values)))
    say("gathering the program")
    carried = program.gather(known.project, order.stack, order.pack)
    if carried.config_slots:
        gathered.secrets |= dict(_texts(reading.config_secrets(embedded, order.folder, order.stack)))
    gathered.contents += carried.contents
    gathered.contents += papers.lock_contents(carried.contents)
    gathered.contents += papers.stack_contents(known)
    slots = {**known.state.slots, **carried.config_slots}
    reason = "what the other side fills in: nothing secret crosses"
    gathered.contents.append(papers.json_content(layout.SLOTS, papers.Role.STATE, slots, reason))
    gathered.contents += papers.bill_contents(known.project.stack_file(order.stack))
    gathered.contents += papers.table_contents()
    gathered.contents += papers.docs_contents()
    _add_manifests(order, gathered)
    gathered.epoch = _epoch(carried.epoch)
    pack = _pack(order.pack, known.project.root)
    gathered.facts = {
        "contents": layout.SCHEMA,
        "stack": order.stack,
        "project": known.project.name,
        "stateDigest": known.state_digest,
        "planDigest": known.plan_digest,
        "settled": known.settled,
        "engine": embedded.engine.version,
        "policyPack": pack,
        "commit": carried.commit or "none: the program is not in git",
        "slots": sorted(slots),
    }
    for source in sources:
        source(order, gathered, say)
    _refuse_problems(order, gathered)
    return gathered


def _require_site(order: Order, known: Reading) -> None:
    """Refuse a site that no cluster stands at: its bundle would be empty of all that makes a site."""
    sites = sorted({cluster.site for cluster in known.clusters.values() if cluster.site})
    if order.site and order.site not in sites:
        raise UsageError(
            f"--site {order.site}: no cluster of {order.stack} is there. Sites: {', '.join(sites) or 'none'}"
        )


def _texts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text in the stack's secrets, each called after its slot."""
    for name, value in values.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, Mapping):
            yield from _texts({f"{name}.{key}": item for key, item in value.items()})
        elif isinstance(value, list):
            yield from _texts({f"{name}[{index}]": item for index, item in enumerate(value)})


def _add_manifests(order: Order, gathered: Gathered) -> None:
    states = gathered.reading.summary.outputs
    versions = {**_declared(states), **order.kubernetes}
    for name, cluster in gathered.reading.clusters.items():
        if order.site and cluster.site != order.site:
            continue
        gathered.contents += manifests.cluster_contents(cluster)
        if name not in versions:
            if cluster.manifests:
                gathered.problems[f"unvalidated/{name}"] = (
                    f"cluster {name}: its Kubernetes version is not known, so its manifests were not validated: say "
                    f"--kubernetes {name}=1.34"
                )
            continue
        for finding in manifests.invalid(cluster, versions[name]):
            gathered.problems[f"invalid/{finding.split(': ')[0]}/{finding.split(': ')[1]}"] = finding


def _declared(outputs: Mapping[str, Any]) -> dict[str, str]:
    clusters = outputs.get("clusters")
    if not isinstance(clusters, Mapping):
        return {}
    said = {name: each.get("kubernetesVersion") for name, each in clusters.items() if isinstance(each, Mapping)}
    return {name: str(version) for name, version in said.items() if version}


def _pack(pack: Path | None, root: Path) -> str:
    """Where the other side finds the policy pack: a folder of the program, `ringfence` for ours, or nothing.

    Raises:
        UsageError: it is neither of the project nor ours, so it would stay here.
    """
    if pack is None:
        return ""
    if pack.resolve() == (SOURCE_ROOT / "policy").resolve():
        return "policy" if root.resolve() == SOURCE_ROOT.resolve() else OUR_PACK
    if root.resolve() not in pack.resolve().parents:
        raise UsageError(f"{pack}: this policy pack is outside of the project, so it cannot cross: put it into {root}")
    return pack.resolve().relative_to(root.resolve()).as_posix()


def _epoch(commit: int | None) -> int:
    """SOURCE_DATE_EPOCH, else the time of the last commit, else 1980: the same program has the same time."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if said and not said.isdigit():
        raise UsageError(f"SOURCE_DATE_EPOCH={said}: seconds since 1970, in digits")
    return int(said) if said else commit if commit is not None else 315532800


def _refuse_problems(order: Order, gathered: Gathered) -> None:
    left = {name: said for name, said in gathered.problems.items() if name not in order.waivers}
    if left:
        listed = "\n".join(f"  {name}\n      {said}" for name, said in sorted(left.items()))
        raise RingfenceError(
            f"{order.name} is not complete: {len(left)} findings. Give what is missing, or accept each by its name: "
            f"--waive NAME=REASON\n{listed}"
        )


def seal(
    order: Order,
    gathered: Gathered,
    folder: Path,
    sealers: Sequence[Sealer],
    progress: building.Said | None = None,
) -> Built:
    """Write the bundle, and look for secrets in every byte of it on the way.

    Raises:
        RingfenceError: see `ringfence.airgap.delta.plan` and `ringfence.airgap.building.build`; Leak for a secret.
        UsageError: a waiver is for something that was not found.
    """
    waivers = [Waiver(finding=name, reason=reason) for name, reason in order.waivers.items()]
    watch = LeakWatch(gathered.secrets, [each for each in waivers if each.finding not in gathered.problems])
    manifest = delta.plan(
        order.name,
        order.sequence,
        gathered.contents,
        [sealer.public for sealer in sealers],
        epoch=gathered.epoch,
        base=order.base,
        platforms=sorted({content.member.platform for content in gathered.contents if content.member.platform}),
        left_out=gathered.left_out,
        waivers=waivers,
        facts=gathered.facts,
    )
    built = building.build(manifest, gathered.contents, folder, sealers, watch=watch, progress=progress)
    if watch.unused_waivers:
        built.file.unlink()
        raise UsageError(f"--waive {watch.unused_waivers[0]}: nothing of that name was found: take the waiver away")
    return built
