"""Values files, also other people's: which chart they are for, and where in them a value stands.

Owns: plain values files, Flux HelmReleases and Argo CD Applications; line numbers. Refuses to own: the check itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from ringfence.planning.charts.chart import LOADER, ChartError
from ringfence.planning.charts.check import DeadValue, check_values

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class _Section:
    """Values inside a file, and the chart that they are for."""

    chart: str | None
    values: Mapping[str, Any]
    prefix: Keys
    """Where in the document the values stand."""


def check_values_file(charts_dir: Path, values_file: Path, chart: str | None = None) -> list[DeadValue]:
    """Every dead value in a file, with its line.

    `charts_dir` holds one folder per chart (or is itself a chart). The chart is `chart`, or what the document names
    (HelmRelease, Application), or what the file or its folder is called: gpu-operator.yaml, gpu-operator/values.yaml.
    Raises ChartError when the file cannot be read or its chart cannot be found.
    """
    found: list[DeadValue] = []
    umbrella = {} if chart else _umbrella(charts_dir, values_file)
    plain = 0
    for document in _documents(values_file):
        sections = list(_sections(document))
        plain += sum(section.prefix == () for section in sections)
        if plain > 1:
            raise ChartError(
                f"a second document of values begins in line {document.start_mark.line + 1}, and Helm reads the first",
                fix="write all values in one document",
            )
        for section in _split(iter(sections), umbrella):
            folder = _folder(charts_dir, chart or section.chart or _named_by(charts_dir, values_file), values_file)
            for finding in check_values(folder, section.values, str(values_file)):
                found.append(replace(finding, line=_line(document, section, finding.keys)))
    return found


def _documents(path: Path) -> list[yaml.Node]:
    try:
        text = path.read_text(encoding="utf-8")
        return [node for node in yaml.compose_all(text, Loader=LOADER) if node is not None]
    except (OSError, UnicodeDecodeError) as error:
        raise ChartError(f"{path}: cannot be read: {error}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ChartError(f"{path}: not YAML: {error}") from error


def _sections(document: yaml.Node) -> Iterator[_Section]:
    data = _construct(document)
    if data is None:
        return
    if not isinstance(data, dict):
        raise ChartError(f"holds a {type(data).__name__}, not a map of values", fix="write it as keys and values")
    spec = data.get("spec") if isinstance(data.get("spec"), dict) else {}
    if data.get("kind") == "HelmRelease":
        named = (spec.get("chart") or {}).get("spec", {}).get("chart") or (spec.get("chartRef") or {}).get("name")
        yield _Section(named, spec.get("values") or {}, ("spec", "values"))
    elif data.get("kind") == "Application" and str(data.get("apiVersion", "")).startswith("argoproj.io/"):
        yield from _application(spec)
    elif "apiVersion" not in data or "kind" not in data:
        yield _Section(None, data, ())


def _application(spec: Mapping[str, Any]) -> Iterator[_Section]:
    sources: list[tuple[Keys, Any]] = [(("spec", "source"), spec.get("source"))]
    sources += [(("spec", "sources", index), source) for index, source in enumerate(spec.get("sources") or ())]
    for at, source in sources:
        helm = (source or {}).get("helm") or {}
        if not (source or {}).get("chart"):
            continue
        chart = str(source["chart"]).rsplit("/", 1)[-1]
        if isinstance(helm.get("valuesObject"), dict):
            yield _Section(chart, helm["valuesObject"], (*at, "helm", "valuesObject"))
        if isinstance(helm.get("values"), str):
            inner = yaml.load(helm["values"], Loader=LOADER)
            yield _Section(chart, inner if isinstance(inner, dict) else {}, (*at, "helm", "values"))


def _umbrella(charts_dir: Path, values_file: Path) -> dict[str, str]:
    """Key to chart, for the values of a chart of somebody's own that only wraps charts which are in `charts_dir`."""
    beside = values_file.parent / "Chart.yaml"
    if not beside.is_file() or (charts_dir / values_file.parent.name / "Chart.yaml").is_file():
        return {}
    meta = yaml.load(beside.read_text(encoding="utf-8"), Loader=LOADER)
    dependencies = (meta.get("dependencies") or ()) if isinstance(meta, dict) else ()
    charts = set(_charts(charts_dir))
    return {d.get("alias") or d["name"]: d["name"] for d in dependencies if d.get("name") in charts}


def _split(sections: Iterator[_Section], umbrella: Mapping[str, str]) -> Iterator[_Section]:
    """The sections, with those of an umbrella chart taken apart by the chart that they are handed to."""
    for section in sections:
        if not umbrella or section.chart is not None:
            yield section
            continue
        for key, chart in umbrella.items():
            values = section.values.get(key)
            if isinstance(values, dict):
                yield _Section(chart, values, (*section.prefix, key))


def _construct(document: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(document)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ChartError(f"not readable as YAML values: {error}") from error
    finally:
        loader.dispose()


def _charts(charts_dir: Path) -> list[str]:
    return sorted(path.parent.name for path in charts_dir.glob("*/Chart.yaml"))


def _named_by(charts_dir: Path, path: Path) -> str:
    """The chart that a file's name, or its folder's, speaks of."""
    charts = _charts(charts_dir)
    stem = re.sub(r"[-_.]?values[-_.]?", "", path.stem)
    folders = [path.parent.name, path.parent.parent.name]
    for candidate in (stem, *folders):
        if candidate in charts:
            return candidate
    # AICR and others name files by what they are for: gpu-operator-h100.yaml.
    longest = max((c for c in charts if stem.startswith(f"{c}-")), key=len, default=None)
    if longest:
        return longest
    if (charts_dir / "Chart.yaml").is_file():
        return "."
    return stem or path.parent.name


def _folder(charts_dir: Path, chart: str, path: Path) -> Path:
    folder = charts_dir if chart == "." else charts_dir / chart
    if (folder / "Chart.yaml").is_file():
        return folder
    if (charts_dir / "Chart.yaml").is_file():
        return charts_dir
    charts = _charts(charts_dir)
    if not charts:
        raise ChartError(
            f"{charts_dir}: holds no charts; it needs one folder per chart with Chart.yaml and values.yaml",
            fix="name the folder of the charts with --charts",
        )
    near = get_close_matches(chart, charts, n=3, cutoff=0.5)
    others = f"did you mean {' or '.join(near)}?" if near else f"it has {len(charts)}, such as {charts[0]}."
    raise ChartError(f"{path}: no chart {chart!r} in {charts_dir}", fix=f"{others} Name one with --chart")


def _line(document: yaml.Node, section: _Section, keys: Keys) -> int | None:
    """The line of a key, from 1: of the nearest key above where it stands inside a string."""
    node: yaml.Node | None = document
    line = None
    for key in (*section.prefix, *keys):
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if str(k.value) == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
