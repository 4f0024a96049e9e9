"""Holding anybody's Kueue manifests against nodes, for `ringfence check --queues FILE`.

Owns: reading the file, and turning problems into findings at the object that has them. Refuses to own: the judgement
(ringfence.planning.feasibility).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringfence.checking import Checked, Located
from ringfence.errors import UsageError
from ringfence.planning.capacity import CapacityError
from ringfence.planning.feasibility.offers import offers
from ringfence.planning.feasibility.problems import Offer, Problem, problems
from ringfence.planning.feasibility.queues import GROUP, ManifestError, Queues, read
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, did_you_mean, listed
from ringfence.spec.source import Source, StackFileError, read_documents, text_of


def check_queues(file: Path, platform: Platform | None = None, cluster: str | None = None) -> Checked:
    """Everything that will never work in a file of Kueue manifests: by itself, and with the nodes of `cluster`.

    Raises UsageError for a cluster that the platform does not have.
    """
    checked = Checked(file=str(file))
    try:
        documents = read_documents(text_of(file), str(file))
        manifests = _manifests(documents)
        queues = read(each for _, each in manifests)
    except StackFileError as error:
        checked.findings = [_located(file, (error.line, error.column), "unreadable", error.message)]
        return checked
    except ManifestError as error:
        checked.findings = [_located(file, (1, 1), "invalid-value", str(error))]
        return checked
    if not queues.queues and not queues.cohorts and not queues.flavors:
        message = f"there is no ClusterQueue, Cohort or ResourceFlavor of {GROUP.rstrip('/')} in it"
        checked.findings = [_located(file, (1, 1), "empty", message)]
        return checked
    places = {f"{each.get('kind')} {_name(each)}": place for place, each in manifests}
    found = problems(queues, _offers(queues, platform, cluster))
    checked.findings = sorted(
        (_problem(file, places.get(each.where, (1, 1)), each) for each in found), key=lambda each: each.line
    )
    return checked


def _manifests(documents: list[Source]) -> list[tuple[tuple[int, int], Mapping[str, Any]]]:
    """Each object with its place; a List is as good as its items."""
    found = []
    for document in documents:
        data = document.data
        if not isinstance(data, Mapping):
            continue
        items = data.get("items") if str(data.get("kind")).endswith("List") else None
        if isinstance(items, list):
            found += [
                (document.locate(("items", i)), each) for i, each in enumerate(items) if isinstance(each, Mapping)
            ]
        else:
            found.append((document.locate(("metadata",)), data))
    return found


def _name(manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""


def _offers(queues: Queues, platform: Platform | None, cluster: str | None) -> dict[str, Offer]:
    if platform is None or cluster is None:
        return {}
    if cluster not in platform.clusters:
        close = did_you_mean(cluster, platform.clusters)
        hint = f"did you mean {close!r}?" if close else f"there are {listed(platform.clusters)}"
        raise UsageError(f"there is no cluster {cluster!r} in {platform.name}: {hint}")
    try:
        return offers(platform, cluster, queues.flavors)
    except CapacityError as error:
        raise UsageError(f"the nodes of {cluster} are not known: {error}") from None


def _problem(file: Path, place: tuple[int, int], problem: Problem) -> Located:
    message = f"{problem.where}: {problem.message}"
    finding = Finding(code=problem.code, path=(), message=message, suggestion=problem.fix, severity=problem.severity)
    return Located(str(file), *place, finding)


def _located(file: Path, place: tuple[int, int], code: str, message: str) -> Located:
    return Located(str(file), *place, Finding(code=code, path=(), message=message))
