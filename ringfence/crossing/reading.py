"""What the low side knows of a stack at the moment of an export: its state, its plan, and what the policies say.

Owns: asking the engine, once each. Refuses to own: what goes into the bundle (gathering.py).
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ringfence.crossing import canonical, slots
from ringfence.engine.project import Project
from ringfence.engine.run import Embedded, OnEvent, Result
from ringfence.engine.summary import Summary, summarise
from ringfence.errors import RingfenceError
from ringfence.rendering import RenderedCluster, render


@dataclass(frozen=True)
class Reading:
    """A stack as it is and as it would be."""

    project: Project
    stack: str
    state: slots.Emptied
    """Without its secrets; no resources where nothing was applied yet."""
    plan: dict[str, dict[str, Any]]
    """Canonical."""
    summary: Summary
    """What the policies say, and the steps."""
    clusters: dict[str, RenderedCluster]
    settled: bool
    """Whether the plan changes nothing: then the state is what the other side must end with."""
    transfers: dict[str, Any] | None = None
    """Which class of data is where, and goes where (GDPR Art. 30(1)); None where no contract says anything of data."""

    @property
    def state_digest(self) -> str:
        """Of the canonical state."""
        return state_digest(slots.secret_places(self.state.state))

    @property
    def plan_digest(self) -> str:
        """Of the canonical plan."""
        return canonical.digest(self.plan)


def state_digest(export: Any) -> str:
    """The digest of an exported state's canonical form."""
    return canonical.digest(canonical.canonical_state(export))


def exported(embedded: Embedded, folder: Path, stack: str, *, secrets: bool) -> dict[str, Any]:
    """The state of a stack, with secrets in clear or as the engine keeps them; an empty one where there is none.

    Raises:
        RingfenceError: the engine refused: most often the passphrase is not that of the stack.
    """
    project = Project.containing(folder.resolve(), embedded.places)
    if project is None or not project.state_file(stack).exists():
        return {"version": 3, "deployment": {"resources": []}}
    shown = ["--show-secrets"] if secrets else []
    result = embedded.run(["stack", "export", "-s", stack, *shown], folder)
    if result.exit_code != 0:
        raise RingfenceError(f"the state of {stack} cannot be exported: {result.diagnostics.strip()}")
    return json.loads(result.stdout)


def config_secrets(embedded: Embedded, folder: Path, stack: str) -> dict[str, Any]:
    """The encrypted values of a stack's configuration in clear, by slot: to look for them in what leaves.

    Raises:
        RingfenceError: the engine cannot decrypt them.
    """
    result = embedded.run(["config", "--show-secrets", "--json", "-s", stack], folder)
    if result.exit_code != 0:
        raise RingfenceError(f"the configuration of {stack} cannot be decrypted: {result.diagnostics.strip()}")
    found = json.loads(result.stdout)
    return {f"config/{key}": each.get("value") for key, each in found.items() if each.get("secret")}


def previewed(
    embedded: Embedded, folder: Path, stack: str, pack: Path | None, on_event: OnEvent | None = None
) -> Result:
    """A preview that went well.

    Raises:
        RingfenceError: it failed, or a policy refused it: what is refused here does not cross.
    """
    result = embedded.preview(folder, stack, pack, on_event)
    summary = summarise(result)
    if not summary.ok:
        said = [*summary.errors, *(f"{verdict.rule}: {verdict.message}" for verdict in summary.refusals)]
        raise RingfenceError(f"{stack} does not preview: run `ringfence preview -s {stack}`\n  " + "\n  ".join(said))
    return result


def plan_of(result: Result) -> dict[str, dict[str, Any]]:
    """The canonical plan of a preview."""
    return canonical.canonical_plan(result.resources, result.operations)


def changes(result: Result) -> dict[str, str]:
    """What a preview would do, by URN, without what stays as it is."""
    return {urn: step for urn, step in sorted(result.operations.items()) if step not in ("same", "read")}


def read(embedded: Embedded, folder: Path, stack: str, pack: Path | None, on_event: OnEvent | None = None) -> Reading:
    """Everything there is to know of a stack, from two questions to the engine.

    Raises:
        RingfenceError: the stack does not preview, a policy refuses it, or its secrets cannot be read.
    """
    result, transfers = _with_record(embedded, folder, stack, pack, on_event)
    project = Project.containing(folder.resolve(), embedded.places)
    assert project is not None  # It has just been previewed.
    emptied = slots.empty(exported(embedded, folder, stack, secrets=True))
    return Reading(
        project=project,
        stack=stack,
        state=emptied,
        plan=plan_of(result),
        summary=summarise(result),
        clusters=render(result.resources.values()),
        settled=not changes(result),
        transfers=transfers,
    )


def _with_record(
    embedded: Embedded, folder: Path, stack: str, pack: Path | None, on_event: OnEvent | None
) -> tuple[Result, dict[str, Any] | None]:
    """A preview, and the transfer record that a policy pack of ours writes beside it where it knows of a contract."""
    with tempfile.TemporaryDirectory(prefix="ringfence-record-") as scratch:
        listening = replace(embedded, inherited={**embedded.inherited, "RINGFENCE_EVIDENCE": scratch})
        result = previewed(listening, folder, stack, pack, on_event)
        file = Path(scratch, "transfers.json")
        return result, json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
