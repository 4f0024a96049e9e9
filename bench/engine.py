"""How much a preview on the plan-only providers costs: 2,000 resources of five packages against 2,000 components.

    python -m bench.engine [--resources N] [--runs N] [--kind KIND] [--json]

The rival is the least that Pulumi does: components, which no provider sees, by the same number, run by the same CLI
with the Python SDK as it ships. The promise: a preview takes at most `PROMISE` times as long. Exit code 1 when it is
broken. What our language host changes in the SDK (program.py) quickens components too: they are measured in a row of
their own, so that nobody takes the promise for more than it is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ringfence.engine.run import Embedded
from ringfence.errors import RingfenceError

PROMISE = 1.6
"""Times the preview of as many components (issue 3). With a provider of 40 lines that only echoes, 2,000 Kubernetes
objects took 2.4 times as long, both with the SDK as it ships.
"""

RIVAL = "plain-component"
COMPONENT = "component"
MIXED = "mixed"
_CONFIG = {
    "aws:region": "eu-central-1",
    "azure-native:location": "germanywestcentral",
    "gcp:project": "bench",
    "gcp:region": "europe-west4",
}

# What a program says for one resource of each kind: the SDK's own classes, as a user writes them.
_KINDS = {
    "kubernetes": (
        "import pulumi_kubernetes as k8s",
        'k8s.core.v1.ConfigMap(f"settings-{i}", metadata={"namespace": "bench", "labels": {"n": f"{i}"}},'
        ' data={"key": f"value {i}"})',
    ),
    "aws": (
        "import pulumi_aws as aws",
        'aws.sqs.Queue(f"queue-{i}", message_retention_seconds=3600, tags={"site": "fra", "n": f"{i}"})',
    ),
    "azure-native": (
        "import pulumi_azure_native as azure",
        'azure.resources.ResourceGroup(f"group-{i}", location="germanywestcentral", tags={"n": f"{i}"})',
    ),
    "gcp": (
        "import pulumi_gcp as gcp",
        'gcp.storage.Bucket(f"bucket-{i}", location="europe-west4", labels={"n": f"{i}"})',
    ),
    "random": ("import pulumi_random as random", 'random.RandomPet(f"pet-{i}", length=3)'),
}


@dataclass
class Series:
    """The measurements of one program."""

    wall: list[float] = field(default_factory=list)
    """Seconds from start to end, a run each."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time of Pulumi, the program and the providers."""


def program(kind: str, count: int) -> str:
    """A program of `count` resources: of one package, of all in turn (`mixed`), or components."""
    if kind in (RIVAL, COMPONENT):
        body = 'pulumi.ComponentResource("bench:index:Part", f"part-{i}")'
        return f"import pulumi\n\nfor i in range({count}):\n    {body}\n"
    if kind != MIXED:
        wanted, body = _KINDS[kind]
        return f"{wanted}\n\nfor i in range({count}):\n    {body}\n"
    imports = "\n".join(wanted for wanted, _ in _KINDS.values())
    branches = "".join(
        f"    if i % {len(_KINDS)} == {n}:\n        {body}\n" for n, (_, body) in enumerate(_KINDS.values())
    )
    return f"{imports}\n\nfor i in range({count}):\n{branches}"


def project(folder: Path, text: str) -> Path:
    """A Pulumi project with one stack, `bench`."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
    (folder / "Pulumi.bench.yaml").write_text(json.dumps({"config": _CONFIG}), encoding="utf-8")
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    return folder


def preview(embedded: Embedded, folder: Path, count: int, *extra: str, plain: bool = False) -> tuple[float, float]:
    """Preview once, as a user does, with `extra` words: (seconds, seconds of processor time).

    `plain` runs the program with the SDK as it ships.

    Raises:
        RingfenceError: the preview failed, or planned another number of resources.
    """
    environment = {
        **embedded.inherited,
        **embedded.variables(folder),
        **({"RINGFENCE_PLAIN_SDK": "1"} if plain else {}),
    }
    command = [str(embedded.places.launchers / "pulumi"), "preview", "-s", "bench", "--suppress-progress", *extra]
    before, start = _processor(), time.monotonic()
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    wall, cpu = time.monotonic() - start, _processor() - before
    if ran.returncode or f"+ {count + 1} to create" not in ran.stdout:
        raise RingfenceError(
            f"{folder.name}: the preview did not plan {count} resources:\n{ran.stdout[-2000:]}{ran.stderr}"
        )
    return wall, cpu


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(kinds: list[str], count: int, runs: int) -> dict[str, Series]:
    """Preview the rival and each kind in turn, `runs` times, after one round that is not counted."""
    found = {kind: Series() for kind in (RIVAL, COMPONENT, *kinds)}
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as scratch:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "AWS_"))}
        embedded = Embedded.open({**inherited, "RINGFENCE_HOME": str(Path(scratch, "home"))})
        folders = {kind: project(Path(scratch, kind), program(kind, count)) for kind in found}
        small = {kind: project(Path(scratch, f"{kind}-first"), program(kind, 10)) for kind in found}
        for kind, folder in small.items():
            print(f"bench: warming up: {kind}", file=sys.stderr, flush=True)
            preview(embedded, folder, 10)
        for run in range(runs):
            for kind, folder in folders.items():
                wall, cpu = preview(embedded, folder, count, plain=kind == RIVAL)
                print(f"bench: run {run + 1} of {runs}: {kind}: {wall:.1f} s", file=sys.stderr, flush=True)
                found[kind].wall.append(wall)
                found[kind].cpu.append(cpu)
    return found


def ratios(series: Series, rival: Series) -> dict[str, float]:
    """How many times the rival's time: of the fastest runs, of the medians, and of processor time."""
    return {
        "minimum": min(series.wall) / min(rival.wall),
        "median": statistics.median(series.wall) / statistics.median(rival.wall),
        "processor": min(series.cpu) / min(rival.cpu),
    }


def report(found: dict[str, Series], count: int) -> Iterator[dict[str, object]]:
    """A row for each program, the rival first."""
    rival = found[RIVAL]
    for kind, series in found.items():
        yield {"kind": kind, "resources": count, **asdict(series), "ratio": ratios(series, rival)}


def draw(found: dict[str, Series], count: int) -> None:
    """The table."""
    table = Table(title=f"Preview of {count} resources, {len(found[RIVAL].wall)} runs", title_justify="left")
    for column in ("", "fastest s", "median s", "processor s", "x fastest", "x median", "x processor"):
        table.add_column(column, justify="left" if not column else "right")
    for kind, series in found.items():
        ratio = ratios(series, found[RIVAL])
        seconds = (min(series.wall), statistics.median(series.wall), min(series.cpu))
        table.add_row(kind, *(f"{each:.1f}" for each in seconds), *(f"{each:.2f}" for each in ratio.values()))
    Console(highlight=False).print(table)


def main() -> int:
    """Measure, print, and say whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resources", type=int, default=2000, metavar="N", help="how many resources (2000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how many runs of each program (5)")
    parser.add_argument("--kind", action="append", choices=[MIXED, *_KINDS], help="which programs (mixed, kubernetes)")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    options = parser.parse_args()
    kinds = options.kind or [MIXED, "kubernetes"]
    try:
        found = measure(kinds, options.resources, options.runs)
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    worst = max(ratios(found[kind], found[RIVAL])["minimum"] for kind in kinds)
    if options.json:
        rows = list(report(found, options.resources))
        print(json.dumps({"ok": worst <= PROMISE, "promise": PROMISE, "rival": RIVAL, "rows": rows}, indent=2))
    else:
        draw(found, options.resources)
        verdict = "holds" if worst <= PROMISE else "is broken"
        print(f"The promise, at most {PROMISE} times as many components in the fastest runs, {verdict}: {worst:.2f}")
    return 0 if worst <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main())
