"""Carries a verified bundle in: stage, place, import, preview, compare, apply, remember.

Owns: the order, and that each step can be run again after a kill at any point. Nothing is changed before everything
that is needed is here. Refuses to own: the check of the bundle (ringfence.airgap.verification) and each part's work.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.airgap import ledger
from ringfence.airgap.building import require_room
from ringfence.airgap.manifest import Manifest, Member, Role
from ringfence.airgap.paths import safe_path
from ringfence.airgap.reading import Bundle
from ringfence.crossing import canonical, given, layout, placing, pushing, reading, runtime, secrets, slots
from ringfence.crossing.export import OUR_PACK
from ringfence.crossing.registry import Registry
from ringfence.crossing.store import Memory, Store, Taken, UnderWay
from ringfence.engine.places import SOURCE_ROOT
from ringfence.engine.run import Embedded, Result
from ringfence.errors import RingfenceError, UsageError

Say = Callable[[str], None]
BLOB_ROLES = frozenset({Role.IMAGE, Role.CHART, Role.WEIGHTS})
"""Members that a registry keeps."""


@dataclass(frozen=True)
class Place:
    """Where a stack lives on the high side."""

    embedded: Embedded
    store: Store
    folder: Path
    """The project's: it is made by the first carry-in, and stays where it is, for the state belongs to it."""
    values: dict[str, Any] = field(default_factory=dict)
    """Slot to value."""
    registry: Registry | None = None
    """Where images, charts and weights go."""
    accept_state: bool = False
    """Somebody says that a state nobody here left is right nevertheless."""

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's state, its secrets encrypted."""
        return reading.exported(self.embedded, self.folder, stack, secrets=False)


@dataclass(frozen=True)
class Staged:
    """A bundle whose program is in place and whose plan was compared."""

    manifest: Manifest
    stack: str
    preview: Result
    changes: dict[str, str]
    """URN to step."""
    same_plan: bool
    """Whether both sides' plans have one digest, and not merely the same meaning."""


def stage(place: Place, bundle: Bundle, say: Say) -> Staged:
    """Everything up to the question whether to apply: the bundle's members are here, its program is in place, the
    state is there, the preview was made and means what the low side's meant.

    Raises:
        RingfenceError: something that a delta relies on is not here, a slot has no value, the state is not the one
            that was left here, or the plan differs.
    """
    if not bundle.verified:
        raise RingfenceError("the bundle was not verified: nothing of it is used")
    manifest = bundle.manifest
    placing.require_ours(place.folder)
    kept = [member for member in manifest.members if member.role not in BLOB_ROLES]
    gone = place.store.missing(member for member in kept if not member.carried)
    if gone:
        raise RingfenceError(
            f"this delta relies on {len(gone)} members that are not here, such as {gone[0].path}: ask for a whole one"
        )
    given.chosen(place.values, secrets.config_slots(manifest))
    _require_room(place, kept)
    say(f"keeping {len(kept)} members")
    place.store.keep(bundle, kept)
    _push(place, bundle, say)
    return stage_kept(place, manifest, say, rollback=False)


def _require_room(place: Place, kept: list[Member]) -> None:
    """Say before anything is written that it will not fit."""
    needed = sum(each.size for each in kept if each.carried and not place.store.blob(each.digest).exists())
    placed = sum(each.size for each in kept if each.path.startswith(f"{layout.PROGRAM}/"))
    place.store.root.mkdir(parents=True, exist_ok=True)
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    require_room(place.store.root, needed, "what is kept of the bundle", "RINGFENCE_HOME")
    require_room(place.folder.parent, placed, "the program", "--into")


def _push(place: Place, bundle: Bundle, say: Say) -> None:
    if not pushing.has_artefacts(bundle):
        return
    if place.registry is None:
        raise UsageError("the bundle has images, charts or weights: name the registry of this side, --registry HOST")
    index = place.store.read(bundle.manifest, layout.OCI_INDEX)
    pushed = pushing.push(bundle, index, place.registry, lambda text: say(f"pushing {text}"))
    say(f"pushed {pushed.sent} blobs ({pushed.bytes:,} bytes); {pushed.there} were there")


def stage_kept(place: Place, manifest: Manifest, say: Say, *, rollback: bool) -> Staged:
    """The same for a bundle whose members are in the store already. Raises as `stage`."""
    stack = str(manifest.facts["stack"])
    memory = place.store.memory(manifest.name)
    going_on = memory.under_way and memory.under_way.bundle == manifest.digest and memory.under_way.rollback == rollback
    if memory.under_way and memory.under_way.applying and not going_on:
        raise RingfenceError(
            f"a carry-in of bundle {memory.under_way.bundle[:19]} was cut off while it was applied: finish it "
            "first, with the same command as before"
        )
    if not going_on:
        memory.under_way = UnderWay(bundle=manifest.digest, rollback=rollback)
        place.store.remember(manifest.name, memory)
    try:
        return _placed(place, manifest, stack, memory, say)
    except RingfenceError:
        put_back(place, manifest.name)
        raise


def put_back(place: Place, name: str) -> None:
    """Give up what was staged and not applied: the program of what runs takes its place again, if there is one."""
    memory = place.store.memory(name)
    if memory.under_way is None or memory.under_way.applying:
        return
    running = memory.running
    manifest = ledger.find(place.store.manifests, running.bundle) if running else None
    if manifest is not None and placing.placed(place.folder) not in (None, manifest.digest):
        stack = str(manifest.facts["stack"])
        placing.place(place.store, manifest, place.folder, secrets.program_files(place.store, manifest, place.values))
        secrets.encrypt_config(place.embedded, place.folder, stack, place.store, manifest, place.values)
    memory.under_way = None
    place.store.remember(name, memory)


def _placed(place: Place, manifest: Manifest, stack: str, memory: Memory, say: Say) -> Staged:
    """Put the program in place, bring the state, preview, compare."""
    files = secrets.program_files(place.store, manifest, place.values)
    say(f"placing the program in {place.folder}")
    placing.place(place.store, manifest, place.folder, files)
    secrets.break_stale_locks(place.embedded, place.folder, stack)
    runtime.place_wheels(place.store, manifest, place.folder, say)
    before = _state(place, manifest, stack, memory, say)
    secrets.encrypt_config(place.embedded, place.folder, stack, place.store, manifest, place.values)
    say("previewing")
    preview = reading.previewed(place.embedded, place.folder, stack, _pack(place, manifest))
    same = _compare(place, manifest, preview, before)
    return Staged(manifest, stack, preview, reading.changes(preview), same)


def _pack(place: Place, manifest: Manifest) -> Path | None:
    """The policy pack that the plan was judged by on the low side.

    Raises:
        RingfenceError: it is not here: a plan is not applied unjudged.
    """
    named = str(manifest.facts.get("policyPack", ""))
    if not named:
        return None
    pack = SOURCE_ROOT / "policy" if named == OUR_PACK else place.folder / safe_path(named)
    if not (pack / "PulumiPolicy.yaml").is_file():
        raise RingfenceError(f"the plan was judged by policy pack {named!r}, which is not here ({pack})")
    return pack


def _state(place: Place, manifest: Manifest, stack: str, memory: Memory, say: Say) -> str:
    """Make sure that the stack has a state that we know; its digest."""
    place.embedded.initialise(place.folder, stack)
    found = place.state(stack)
    resources = found["deployment"].get("resources") or []
    known = {each.state for each in memory.history} | {manifest.facts["stateDigest"]}
    if not resources:
        carried = place.store.read_json(manifest, layout.STATE)
        if carried["deployment"]["resources"]:
            say("importing the state")
            _import(place, manifest, stack, carried, found)
            found = place.state(stack)
    digest = reading.state_digest(found)
    interrupted = memory.under_way is not None and memory.under_way.applying
    if resources and digest not in known and not interrupted and not place.accept_state:
        raise RingfenceError(
            f"the state of {stack} is not what the last carry-in left ({_last(memory)}): {digest}. Somebody changed it "
            "since. Look at it (`pulumi stack export`), and say --accept-state if it is right"
        )
    return digest


def _last(memory: Memory) -> str:
    return f"sequence {memory.running.sequence}, {memory.running.state}" if memory.running else "none was made here"


def _import(place: Place, manifest: Manifest, stack: str, carried: Any, found: Any) -> None:
    names = [name for name in manifest.facts["slots"] if not name.startswith("config/")]
    values = given.chosen(place.values, names)
    filled = slots.fill(carried, values, found)
    result = place.embedded.run(["stack", "import", "-s", stack], place.folder, given=json.dumps(filled))
    if result.exit_code != 0:
        raise RingfenceError(f"the state cannot be imported: {result.diagnostics.strip()}")
    secrets.scrub_backups(place.embedded, place.folder, stack)


def _compare(place: Place, manifest: Manifest, preview: Result, before: str) -> bool:
    """Hold the plan here against the low side's. Raises RingfenceError with every difference."""
    plan = reading.plan_of(preview)
    if canonical.digest(plan) == manifest.facts["planDigest"]:
        return True
    wanted = place.store.read_json(manifest, layout.PLAN)["resources"]
    found = list(canonical.differences(wanted, json.loads(canonical.canonical_bytes(plan))))
    if found or before == manifest.facts["stateDigest"]:
        listed = "\n  ".join(found[:20]) or "the plans' digests differ, and nothing else"
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
        raise RingfenceError(f"the plan here is not the plan of the bundle: nothing is applied\n  {listed}{more}")
    return False


@dataclass(frozen=True)
class Applied:
    """What came of it."""

    state: str
    """Digest of the canonical state now."""
    equal: bool | None
    """Whether the low side has the same; None where it did not apply the plan itself, so that nobody can know."""


def apply(place: Place, staged: Staged, say: Say, *, rollback: bool = False) -> Applied:
    """Apply the plan that was compared, and remember it.

    Raises:
        RingfenceError: the engine failed; run the same command again to go on.
    """
    name, manifest = staged.manifest.name, staged.manifest
    memory = place.store.memory(name)
    if staged.changes or reading.state_digest(place.state(staged.stack)) != manifest.facts["stateDigest"]:
        memory.under_way = UnderWay(bundle=manifest.digest, rollback=rollback, applying=True)
        place.store.remember(name, memory)
        say(f"applying {len(staged.changes)} changes")
        arguments = ["up", "-s", staged.stack, "--yes", "--skip-preview", "--json", "--suppress-progress"]
        result = place.embedded.run(arguments, place.folder)
        if result.exit_code != 0:
            raise RingfenceError(f"applying failed: {result.diagnostics.strip()[-2000:]}")
        secrets.clear_interrupted(place.embedded, place.folder, staged.stack)
    state = reading.state_digest(place.state(staged.stack))
    expected = _expected(memory, manifest, rollback)
    result_word = "rolled-back" if rollback else "applied"
    taken = Taken(sequence=manifest.sequence, bundle=manifest.digest, state=state, result=result_word)
    memory.history.append(taken)
    memory.under_way = None
    place.store.remember(name, memory)
    return Applied(state, None if expected is None else state == expected)


def _expected(memory: Memory, manifest: Manifest, rollback: bool) -> str | None:
    """The state that applying must lead to: the low side's, or the one it led to here before."""
    if manifest.facts["settled"]:
        return manifest.facts["stateDigest"]
    if rollback:
        return next((each.state for each in reversed(memory.history) if each.bundle == manifest.digest), None)
    return None
