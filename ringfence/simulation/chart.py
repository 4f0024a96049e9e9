"""A simulation's picture: one HTML file without anything from elsewhere, use over time for each arrangement.

Owns: the drawing. Refuses to own: the figures. The file needs no network and no script; colours differ in lightness
too, and each tenant's figures stand in a table below.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ringfence.simulation.arrangements import ARRANGEMENTS
from ringfence.simulation.report import Outcome, Report

WIDTH, HEIGHT, LEFT, BOTTOM = 1000, 200, 44, 22
COLOURS = ("#1f4e79", "#e08e2b", "#5a9e6f", "#b03a48", "#7d6ba6", "#8a8a3c", "#3c9aa8", "#c77fa3")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:.6em 0 2em}"
    "td,th{padding:.15em .9em;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}svg{width:100%;height:auto}li{margin:.2em 0}"
    ".key span{display:inline-block;width:.9em;height:.9em;margin:0 .35em 0 1em;vertical-align:-.1em}"
)


def page(report: Report) -> str:
    """The HTML file."""
    tenants = list(report.outcomes[0].account.tenants) if report.outcomes else []
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(tenants)}
    key = "".join(f'<span style="background:{colour}"></span>{escape(name)}' for name, colour in colours.items())
    title = f"{report.stack}: {report.cluster}"
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>',
        f"<h1>{escape(title)}</h1><p>{report.jobs} jobs in {report.hours:g} hours, {escape(report.source)}. ",
        "Units in use over time, on the real scheduler and Kueue, with simulated nodes.</p>",
        f'<p class="key">{key}</p>',
    ]
    if report.too_fast is not None:
        parts.append(f"<p><strong>{escape(report.too_fast)}.</strong></p>")
    for outcome in report.outcomes:
        used = f"{outcome.account.utilisation:.0%} in use"
        parts.append(f"<h2>{outcome.arrangement}</h2><p>{escape(ARRANGEMENTS[outcome.arrangement])}; {used}.</p>")
        parts += [_picture(outcome, colours), _table(outcome)]
    parts.append(
        f"<h2>What the compression distorts</h2><ul>{''.join(f'<li>{escape(x)}' for x in report.distortion)}</ul>"
    )
    return "\n".join(parts) + "\n</html>\n"


def _picture(outcome: Outcome, colours: dict[str, str]) -> str:
    account = outcome.account
    most = max(sum(pool.capacity for pool in account.pools), 1)
    hours = max((len(values) for values in account.use.values()), default=1)
    below = [0.0] * hours
    areas = []
    for tenant, values in account.use.items():
        above = [low + value for low, value in zip(below, values, strict=True)]
        areas.append(
            f'<path fill="{colours[tenant]}" d="{_area(below, above, most)}"><title>{escape(tenant)}</title></path>'
        )
        below = above
    days = "".join(
        f'<line x1="{_x(hour, hours):.1f}" x2="{_x(hour, hours):.1f}" y1="0" y2="{HEIGHT}" stroke="#ccc"/>'
        f'<text x="{_x(hour, hours) + 3:.1f}" y="{HEIGHT + 15}" font-size="12" fill="#555">day {hour // 24 + 1}</text>'
        for hour in range(0, hours, 24)
    )
    scale = "".join(
        f'<text x="0" y="{y}" font-size="12" fill="#555">{units}</text>' for y, units in ((11, most), (HEIGHT, 0))
    )
    about = f"Units in use by hour, of {most}, arrangement {outcome.arrangement}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + BOTTOM}" role="img" aria-label="{escape(about)}">'
        f'<rect x="{LEFT}" width="{WIDTH - LEFT}" height="{HEIGHT}" fill="#f4f4f4"/>{days}{"".join(areas)}{scale}</svg>'
    )


def _x(hour: float, hours: int) -> float:
    return LEFT + (WIDTH - LEFT) * hour / hours


def _area(below: Sequence[float], above: Sequence[float], most: int) -> str:
    """The outline between two stepped lines."""

    def steps(values: Sequence[float]) -> list[str]:
        return [
            f"{_x(hour, len(values)):.1f},{HEIGHT * (1 - min(value / most, 1)):.1f}"
            for index, value in enumerate(values)
            for hour in (index, index + 1)
        ]

    return "M" + " L".join([*steps(above), *reversed(steps(below))]) + "Z"


def _table(outcome: Outcome) -> str:
    head = "".join(
        f"<th>{name}"
        for name in ("tenant", "owned", "borrowed", "lent", "lost", "median wait", "p95 wait", "preempted", "finished")
    )
    rows = "".join(
        f"<tr><td>{escape(name)}"
        + "".join(f"<td>{value:,.0f}" for value in (each.owned, each.borrowed, each.lent, each.lost))
        + f"<td>{each.median_wait:.1f} h<td>{each.p95_wait:.1f} h<td>{each.preemptions}"
        + f"<td>{each.finished} of {each.jobs}"
        for name, each in outcome.account.tenants.items()
    )
    return f"<table><tr>{head}{rows}</table>"
