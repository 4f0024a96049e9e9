"""`ringfence simulate`: a week of jobs in minutes, on the real scheduler and Kueue, under three ways of sharing.

Owns: the options, the progress and the exit code. Refuses to own: what is simulated (ringfence.simulation).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, get_args

import typer

from ringfence import checking
from ringfence.cli import checkout, console
from ringfence.engine.places import Places
from ringfence.errors import UsageError
from ringfence.files import write_whole
from ringfence.spec import Platform
from ringfence.spec.finding import did_you_mean, listed


def simulate(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")],
    folder: Annotated[Path, typer.Option("--cwd", "-C", help="The Pulumi project's folder.")] = Path(),
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="A workload cluster; the one with the most shared accelerators.")
    ] = None,
    jobs: Annotated[
        Path | None, typer.Option("--jobs", help="A job file; without one a week is made up from the stack file.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes up the same week.")] = 1,
    load: Annotated[float, typer.Option("--load", min=0.01, max=1, help="Part of a silo in use, made up weeks.")] = 0.3,
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=5, max=3600, help="Wall seconds for each arrangement; fewer distort waits."),
    ] = 600,
    arrangement: Annotated[
        list[str] | None, typer.Option("--arrangement", help="silos, shared or declared; all three when not given.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the charts into this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run a job mix under three ways of sharing. Exit 0 simulated, 1 it failed, 2 bad usage or a bad file."""
    from ringfence.simulation import comparing, demand
    from ringfence.simulation import jobs as job_files
    from ringfence.simulation.arrangements import ARRANGEMENTS, Arrangement

    names = [_known("--arrangement", each, get_args(Arrangement)) for each in arrangement or get_args(Arrangement)]
    wanted = [each for each in ARRANGEMENTS if each in names]
    platform = _platform(folder, stack)
    offered = comparing.shared_clusters(platform)
    if not offered:
        raise UsageError(f"{stack} has no cluster whose accelerators tenants share: nothing to simulate")
    chosen = _known("--cluster", cluster, list(offered)) if cluster else next(iter(offered))
    if jobs is None:
        hours: float = job_files.HOURS_PER_WEEK
        mix, source = demand.week(platform, chosen, seed, hours, load), f"made up with seed {seed} and load {load:g}"
    else:
        (mix, hours), source = job_files.read_jobs(jobs, platform, chosen), f"from {jobs}"
    checkout.reach("components")
    with console.progress(f"simulating {hours:g} hours of {chosen}, {len(wanted)} times {seconds:g} s") as line:
        report = comparing.compare(
            Places.from_environment(),
            platform,
            chosen,
            wanted,
            mix,
            stack=stack,
            hours=hours,
            seconds=seconds,
            source=source,
            say=line.at,
        )
    _tell(report, html, as_json)


def _tell(report: object, html: Path | None, as_json: bool) -> None:
    from ringfence.simulation import chart
    from ringfence.simulation.report import Report, drawn

    assert isinstance(report, Report)
    if html is not None:
        write_whole(html, chart.page(report), 0o644)
        console.note(f"charts: {html}")
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        console.out().print(drawn(report))


def _platform(folder: Path, stack: str) -> Platform:
    file = folder / f"Pulumi.{stack}.yaml"
    checked = checking.check_file(file)
    if checked.platform is None or not checked.ok:
        lines = "\n".join(each.as_text() for each in checked.findings)
        raise UsageError(f"{file} cannot be simulated:\n{lines}\nNext: ringfence check {file}")
    return checked.platform


def _known(option: str, given: str, known: list[str] | tuple[str, ...]) -> str:
    if given in known:
        return given
    close = did_you_mean(given, known)
    raise UsageError(
        f"{option}: {given!r} is not known; allowed {listed(known)}" + (f"; did you mean {close!r}?" if close else "")
    )
