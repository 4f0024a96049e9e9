"""Checking stack files: from a path on disk to located findings, and their spelling on a terminal or as JSON.

Owns: reading a file, running the type and cross-checks on it, and how findings are shown. Refuses to own: any check,
and options of a command (ringfence.cli.check). Imports no pulumi: `ringfence check` answers within a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ringfence.planning.checks import check as cross_check
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path, did_you_mean, spell_path
from ringfence.spec.load import CONFIG_KEY, CONFIG_PATH, parse
from ringfence.spec.source import Source, StackFileError, read_file


@dataclass(frozen=True)
class Located:
    """A finding and where in which file it stands; lines and columns from 1."""

    file: str
    line: int
    column: int
    finding: Finding
    root: Path = CONFIG_PATH

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        finding = self.finding
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "severity": finding.severity,
            "code": finding.code,
            "path": spell_path(finding.path),
            "message": finding.message,
            "allowed": finding.allowed,
            "suggestion": finding.suggestion,
        }

    def as_text(self) -> str:
        """file:line:column: severity[code]: path: message, with what is allowed and the suggestion below."""
        finding = self.finding
        where = f"{spell_path(finding.path)}: " if finding.path else ""
        lines = [f"{self.file}:{self.line}:{self.column}: {finding.severity}[{finding.code}]: {where}{finding.message}"]
        lines += [f"    allowed: {finding.allowed}"] if finding.allowed else []
        lines += [f"    fix: {finding.suggestion}"] if finding.suggestion else []
        return "\n".join(lines)


@dataclass
class Checked:
    """What is known of one stack file."""

    file: str
    platform: Platform | None = None
    findings: list[Located] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return not any(located.finding.severity == "error" for located in self.findings)


def locate(source: Source, findings: Iterable[Finding], root: Path = CONFIG_PATH) -> list[Located]:
    """The findings with their lines and columns, in the order of the file."""
    located = [Located(source.file, *source.locate((*root, *finding.path)), finding, root) for finding in findings]
    return sorted(located, key=lambda each: (each.line, each.column))


def check_file(file: FilePath) -> Checked:
    """Everything that is wrong with one stack file; never raises for what the file says."""
    checked = Checked(file=str(file))
    try:
        source = read_file(file)
    except StackFileError as error:
        finding = Finding(code="unreadable", path=(), message=error.message)
        checked.findings = [Located(str(file), error.line, error.column, finding)]
        return checked
    return check_source(source)


def check_source(source: Source) -> Checked:
    """The same for a file that has been read."""
    checked = Checked(file=source.file)
    data, missing = _platform_data(source.data)
    if missing is not None:
        checked.findings = locate(source, [missing], root=())
        return checked
    checked.platform, findings = parse(data)
    if checked.platform is not None:
        findings = cross_check(checked.platform)
    checked.findings = locate(source, findings)
    return checked


def _platform_data(data: Any) -> tuple[Any, Finding | None]:
    """What stands under the key, or the finding that nothing does."""
    if data is None:
        return None, Finding(
            code="empty", path=(), message="the file is empty", suggestion=f"add config: {CONFIG_KEY}:"
        )
    if not isinstance(data, dict):
        return None, Finding(code="invalid-value", path=(), message="a stack file is a mapping", allowed="config: ...")
    config = data.get("config")
    if not isinstance(config, dict):
        path: Path = ("config",) if "config" in data else ()
        close = did_you_mean("config", map(str, data)) if "config" not in data else None
        hint = f"did you mean 'config' where {close!r} stands?" if close else f"add config: {CONFIG_KEY}:"
        return None, Finding(code="missing-key", path=path, message="'config' must be a mapping", suggestion=hint)
    if CONFIG_KEY not in config:
        close = did_you_mean(CONFIG_KEY, config)
        return None, Finding(
            code="missing-key",
            path=("config",),
            message=f"{CONFIG_KEY!r} is missing",
            suggestion=f"rename {close!r} to {CONFIG_KEY!r}" if close else f"add {CONFIG_KEY!r}",
        )
    return config[CONFIG_KEY], None


def stack_files(folder: FilePath) -> list[FilePath]:
    """The stack files of a project folder that declare a platform, by name."""
    return [file for file in sorted(folder.glob("Pulumi.*.yaml")) if CONFIG_KEY.encode() in file.read_bytes()]


def summary(checked: list[Checked]) -> str:
    """The last line of a check, for people."""
    errors = sum(each.finding.severity == "error" for one in checked for each in one.findings)
    warnings = sum(each.finding.severity == "warning" for one in checked for each in one.findings)
    counts = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    if errors:
        return f"{counts} in {len(checked)} file{'s' * (len(checked) != 1)}"
    sizes = [one.platform for one in checked if one.platform is not None]
    told = "; ".join(
        f"{platform.name}: {len(platform.sites)} sites, {len(platform.clusters)} clusters, "
        f"{len(platform.tenants)} tenants, {len(platform.models)} models"
        for platform in sizes
    )
    return f"{counts}. {told}" if told else counts
