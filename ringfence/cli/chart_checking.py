"""Holding Helm values against charts, for `ringfence check --charts DIR`: stack files' overrides, and any values file.

Owns: which of the two a file is, and turning dead values into located findings. Refuses to own: the check
(ringfence.planning.charts) and the rows' own values, which the project's tests hold.
"""

from __future__ import annotations

from pathlib import Path

from ringfence.checking import Checked, Located, check_source
from ringfence.facts.addons import add_on_rows
from ringfence.planning.charts.chart import ChartError
from ringfence.planning.charts.check import DeadValue, check_values
from ringfence.planning.charts.files import check_values_file
from ringfence.spec.finding import Finding
from ringfence.spec.load import CONFIG_KEY
from ringfence.spec.source import Source, StackFileError, read_file


def check_with_charts(file: Path, charts: Path, chart: str | None) -> Checked:
    """Everything wrong with a stack file, overrides included, or with a file of Helm values."""
    try:
        source = read_file(file)
    except StackFileError:
        source = Source(file=str(file), data=None)  # several documents, or Helm's own YAML: not a stack file
    config = source.data.get("config") if isinstance(source.data, dict) else None
    if isinstance(config, dict) and CONFIG_KEY in config:
        return _stack_file(source, charts)
    checked = Checked(file=str(file))
    try:
        dead = check_values_file(charts, file, chart)
    except ChartError as error:
        message = error.said.removeprefix(f"{file}: ")
        finding = Finding(code="chart", path=(), message=message, suggestion=error.fix or None)
        checked.findings = [Located(str(file), 1, 1, finding)]
        return checked
    checked.findings = [Located(str(file), value.line or 1, 1, _finding(value, value.keys)) for value in dead]
    return checked


def _stack_file(source: Source, charts: Path) -> Checked:
    """The stack file's own findings, and those of every override of an add-on's values."""
    checked = check_source(source)
    if checked.platform is None:
        return checked
    rows = add_on_rows()
    for name, cluster in checked.platform.clusters.items():
        for add_on, override in cluster.add_ons.items():
            row = rows.get(add_on)
            if not override.values or row is None or row.chart is None:
                continue
            at = ("clusters", name, "addOns", add_on, "values")
            checked.findings += _override(source, charts / (row.folder or row.chart), override.values, at)
    return checked


def _override(source: Source, chart: Path, values: dict, at: tuple) -> list[Located]:
    try:
        dead = check_values(chart, values, source.file)
    except ChartError as error:
        finding = Finding(code="chart", path=at, message=str(error), severity="warning")
        return [Located(source.file, *source.locate(("config", CONFIG_KEY, *at)), finding)]
    return [
        Located(
            source.file, *source.locate(("config", CONFIG_KEY, *at, *value.keys)), _finding(value, (*at, *value.keys))
        )
        for value in dead
    ]


def _finding(value: DeadValue, path: tuple) -> Finding:
    otherwise = "give what the schema asks for, or remove it" if value.kind == "schema" else "remove it"
    return Finding(
        code=f"dead-value-{value.kind}", path=path, message=value.reason, suggestion=value.suggestion or otherwise
    )
