"""Settings: the only reader of pulumi.Config.

Owns: turning this stack's configuration into a checked Platform, or into one message with every finding and its line.
Refuses to own: defaults (ringfence.spec) and what is built from the platform (stacks.build).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from ringfence import checking
from ringfence.spec import Platform
from ringfence.spec.load import CONFIG_KEY, CONFIG_PATH, parse
from ringfence.spec.source import Source, StackFileError, read_file

KUBECONFIGS = "kubeconfigs"
"""Secret key `ringfence:kubeconfigs`: cluster name to kubeconfig, for clusters that exist before Pulumi does (data
centres, edge). Set with `pulumi config set --secret --path 'ringfence:kubeconfigs.<cluster>' < file`."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a stack is built from."""

    stack: str
    platform: Platform
    kubeconfigs: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """Secret. A cluster that is not named here is reached by the kubeconfig context of its own name."""


def load(config: pulumi.Config) -> Settings:
    """This stack's settings. Raises pulumi.RunError with every finding: file:line:column, path, allowed, fix."""
    stack = pulumi.get_stack()
    file = Path(f"Pulumi.{stack}.yaml")
    data = config.get_object(CONFIG_KEY.partition(":")[2])
    source = _source(file, data)
    if data is None:
        raise pulumi.RunError(
            f"{file}: '{CONFIG_KEY}' is missing: the platform is declared there. "
            "Copy one of stacks/examples, then run: ringfence check"
        )
    platform, findings = parse(data)
    checked = checking.Checked(file=source.file, platform=platform)
    checked.findings = checking.locate(source, findings if platform is None else checking.cross_check(platform))
    warnings = [each for each in checked.findings if each.finding.severity != "error"]
    for warning in warnings:
        pulumi.log.warn(warning.as_text())
    if platform is None or not checked.ok:
        errors = [each.as_text() for each in checked.findings if each.finding.severity == "error"]
        lines = "\n".join(errors)
        raise pulumi.RunError(f"the platform cannot be built:\n{lines}\nrun: ringfence check --stack {stack}")
    return Settings(stack=stack, platform=platform, kubeconfigs=_kubeconfigs(config, platform))


def _source(file: Path, data: object) -> Source:
    """The stack file with its lines where it says the same as the engine, or the bare values."""
    try:
        source = read_file(file)
    except StackFileError:
        return Source(file=str(file), data={"config": {CONFIG_KEY: data}})
    root = source.data if isinstance(source.data, dict) else {}
    config = root.get(CONFIG_PATH[0])
    same = isinstance(config, dict) and config.get(CONFIG_KEY) == data
    return source if same else Source(file="the stack's configuration", data=data)


def _kubeconfigs(config: pulumi.Config, platform: Platform) -> dict[str, pulumi.Output[str]]:
    given = config.get_secret_object(KUBECONFIGS)
    if given is None:
        return {}
    plain = config.get_object(KUBECONFIGS)
    names = sorted(plain) if isinstance(plain, dict) else []
    unknown = [name for name in names if name not in platform.clusters]
    if unknown or not names:
        raise pulumi.RunError(
            f"ringfence:{KUBECONFIGS} must map clusters of the platform to kubeconfigs; "
            f"unknown: {', '.join(unknown) or 'it is no mapping'}; allowed: {', '.join(sorted(platform.clusters))}"
        )
    return {name: given.apply(lambda each, name=name: str(each[name])) for name in names}
