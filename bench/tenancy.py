"""How long a thousand namespaces' worth of tenants take, from the stack file until everything holds, against kubectl.

    python -m bench.tenancy [--namespaces N] [--runs N] [--json]

Tenants like the reference platform's `research`, with four namespaces each, on cluster serve-fra: namespaces, quotas,
limits, roles, network policies, admission policies and Kueue's queues. Each side gets a fresh control plane: etcd, API
server, controllers and Kueue. Ours renders them from the platform file, applies them server-side and strictly, four at
a time, and waits until they hold: each namespace has its account, each quota counts, each queue is active, each policy
refuses. The rival is kubectl of the same version, `kubectl apply --server-side` of the same objects in one file, and
the same wait; it gets them rendered. The promise: ours takes at most `PROMISE` times as long. Exit code 1 when it is
broken.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from ringfence.checking import check_file
from ringfence.cli import checkout
from ringfence.controlplane import ControlPlane, plane
from ringfence.controlplane.applying import apply_all, in_force
from ringfence.engine.places import SOURCE_ROOT, Places
from ringfence.errors import RingfenceError
from ringfence.planning import tenancy
from ringfence.planning.cluster_context import add_on_context
from ringfence.planning.tenancy.queues import API as KUEUE
from ringfence.spec import Platform
from ringfence.spec.tenant import NamespaceQuota, Quota

PROMISE = 1.0
"""Times kubectl."""

CLUSTER, POOL, LIKE = "serve-fra", "l40s", "research"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kueue", "kubectl")
_EACH = 4
_WORKERS = 4
_SECONDS = 1800

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Lap:
    """One measurement, in seconds."""

    render: float
    apply: float
    settle: float

    @property
    def whole(self) -> float:
        """From the platform file, or from the rendered file, until everything holds."""
        return self.render + self.apply + self.settle


def platform(namespaces: int) -> Platform:
    """The reference platform with as many tenants as it takes, and none of its own."""
    found = check_file(SOURCE_ROOT / "Pulumi.prod.yaml").platform
    if found is None:
        raise RingfenceError("Pulumi.prod.yaml is no stack file")
    like = found.tenants[LIKE].model_copy(
        update={
            "clusters": (CLUSTER,),
            "namespaces": {f"team-{number}": NamespaceQuota() for number in range(1, _EACH + 1)},
            "quotas": {CLUSTER: {POOL: Quota()}},
        }
    )
    tenants = {f"tenant-{number:04}": like for number in range(1, -(-namespaces // _EACH) + 1)}
    return found.model_copy(update={"tenants": tenants, "models": {}})


def render(given: Platform) -> list[Manifest]:
    """Everything of all tenants, in an order in which it can be applied."""
    made = tenancy.cluster_manifests(given, CLUSTER)
    return made + [each for name in given.tenants for each in tenancy.tenant_manifests(given, CLUSTER, name)]


def ours(made: ControlPlane, given: Platform) -> Lap:
    """From the platform file until everything holds. Raises RingfenceError where an object is refused."""
    begun = time.monotonic()
    manifests = render(given)
    rendered = time.monotonic()
    refused = [each for each in apply_all(made.client, manifests, workers=_WORKERS) if each.refusal or not each.served]
    if refused:
        raise RingfenceError(f"{len(refused)} objects were refused, the first {refused[0].key}: {refused[0].refusal}")
    applied = time.monotonic()
    settle(made)
    return Lap(rendered - begun, applied - rendered, time.monotonic() - applied)


def theirs(made: ControlPlane, manifests: Iterable[Manifest]) -> Lap:
    """kubectl on a file with the same objects. Raises RingfenceError where it fails."""
    file = made.folder / "tenants.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}), encoding="utf-8")
    command = [str(made.programs["kubectl"].path), "--kubeconfig", str(made.kubeconfig), "apply", "--server-side"]
    command += ["--validate=strict", "--force-conflicts", "-f", str(file)]
    begun = time.monotonic()
    inherited = {**os.environ, "HOME": str(made.folder)}  # its cache of what the API server serves is to be cold
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=inherited)
    if ran.returncode:
        raise RingfenceError(f"kubectl failed:\n{ran.stderr[-2000:]}")
    applied = time.monotonic()
    settle(made)
    return Lap(0.0, applied - begun, time.monotonic() - applied)


def settle(made: ControlPlane) -> None:
    """Return once everything that was applied holds."""
    in_force(made.client, _SECONDS)
    made.client.wait(lambda: not idle_queues(made), "the queues", _SECONDS)


def idle_queues(made: ControlPlane) -> list[str]:
    """Local queues that Kueue does not say are active."""
    return [
        each["metadata"]["name"]
        for each in made.client.items(KUEUE, "LocalQueue")
        if not any(
            one["type"] == "Active" and one["status"] == "True"
            for one in each.get("status", {}).get("conditions") or ()
        )
    ]


def measure(namespaces: int, runs: int) -> tuple[int, list[Lap], list[Lap]]:
    """How many objects, and each side's laps, in turn."""
    checkout.reach("components")
    from components.addons import kueue

    given = platform(namespaces)
    manifests = render(given)
    configuration = kueue.configuration(add_on_context(given, CLUSTER))
    mine: list[Lap] = []
    rival: list[Lap] = []
    for run in range(runs):
        for name, laps in (("ours", mine), ("kubectl", rival)):
            with plane.start(Places.from_environment(), say, PROGRAMS) as made:
                made.add_kueue(configuration)
                laps.append(ours(made, given) if name == "ours" else theirs(made, manifests))
            say(f"run {run + 1} of {runs}: {name}: {laps[-1].whole:.1f} s")
    return len(manifests), mine, rival


def say(message: str) -> None:
    """Progress, to stderr."""
    print(f"bench: {message}", file=sys.stderr, flush=True)


def ratio(mine: list[Lap], rival: list[Lap]) -> float:
    """Of the medians."""
    return statistics.median(lap.whole for lap in mine) / statistics.median(lap.whole for lap in rival)


def draw(namespaces: int, count: int, mine: list[Lap], rival: list[Lap]) -> None:
    """The table."""
    title = f"{namespaces} namespaces of tenants, {count} objects, {len(mine)} runs: medians in seconds"
    table = Table(title=title, title_justify="left")
    for column in ("", "render", "apply", "until it holds", "together", "x"):
        table.add_column(column, justify="left" if not column else "right")
    for name, laps in (("ringfence", mine), ("kubectl", rival)):
        parts_of = [
            statistics.median(getattr(lap, each) for lap in laps) for each in ("render", "apply", "settle", "whole")
        ]
        table.add_row(name, *(f"{each:.1f}" for each in parts_of), f"{ratio(laps, rival):.2f}")
    Console(highlight=False).print(table)


def main() -> int:
    """Measure, print, and say whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--namespaces", type=int, default=1000, metavar="N", help="how many namespaces (1000)")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="how many runs of each side (1)")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    options = parser.parse_args()
    try:
        count, mine, rival = measure(options.namespaces, options.runs)
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    found = ratio(mine, rival)
    if options.json:
        sides = {"ringfence": [vars(lap) for lap in mine], "kubectl": [vars(lap) for lap in rival]}
        said = {"ok": found <= PROMISE, "promise": PROMISE, "ratio": found, "namespaces": options.namespaces}
        print(json.dumps({**said, "objects": count, "seconds": sides}, indent=2))
    else:
        draw(options.namespaces, count, mine, rival)
        verdict = "holds" if found <= PROMISE else "is broken"
        print(f"The promise, at most {PROMISE:g} times kubectl from file to steady state, {verdict}: {found:.2f}")
    return 0 if found <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main())
