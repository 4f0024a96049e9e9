"""Fixtures that run the real Pulumi engine, embedded: plan-only providers, own state, no network. About 2 s a
command.

Mark a test that uses them with `@pytest.mark.engine`. The Pulumi CLI must be in the cache or on PATH (`make
setup`).

    @pytest.mark.engine
    def test_bucket_in_the_wrong_place_is_refused(engine: EngineRunner, tmp_path: Path) -> None:
        project = write_project(tmp_path, '''
            import pulumi_aws as aws
            aws.s3.Bucket("b", tags={"x": "y"})
        ''', stacks={"dev": {"aws:region": "us-east-1"}}) result = engine.run_preview(project, "dev",
        pack=REPOSITORY / "policy") assert result.exit_code != 0                      # Pulumi's exit code
        [violation] = result.violations                   # policyName, enforcementLevel, resourceUrn,
        message, ... assert violation["enforcementLevel"] == "mandatory"

`result` is a `ringfence.engine.run.Result`: `.exit_code`, `.events` (without debug ones), `.violations`,
`.diagnostics` (all messages as one text), `.operations` ({urn: "create" | "same" | "update" | "replace" |
"delete"}), `.resources` ({urn: planned state with "inputs" and "outputs"}), `.outputs` (stack outputs),
`.stdout`, `.stderr`.

- `engine.run_preview(folder, stack, pack=None, config=None)`: `config` replaces the stack file's config
first.
- `engine.up(folder, stack, pack=None)`, `engine.destroy(folder, stack)`, `engine.refresh(folder, stack)`.
- `engine.pulumi(folder, "stack", "output", "--json", "-s", "dev")`: any command; text is in `.stdout`.
- `engine.variables(folder)`: the environment of `ringfence env`, to start `pulumi` as a user would.
- `write_project(folder, program, name=..., stacks=..., runtime=...)`: a Python project with a stack file a
stack.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.engine.run import Embedded, Result

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class EngineRunner:
    """The embedded engine with a home of its own."""

    embedded: Embedded

    def run_preview(
        self,
        folder: Path,
        stack: str,
        pack: Path | None = None,
        config: Mapping[str, Any] | None = None,
        *extra: str,
    ) -> Result:
        """`pulumi preview`. `config`, if given, becomes the whole config of `Pulumi.<stack>.yaml` first."""
        if config is not None:
            write_stack(folder, stack, config)
        return self.embedded.preview(folder, stack, pack, None, *extra)

    def up(self, folder: Path, stack: str, pack: Path | None = None, *extra: str) -> Result:
        """`pulumi up --yes --skip-preview`."""
        packs = ["--policy-pack", str(pack)] if pack else []
        return self.pulumi(
            folder, "up", "-s", stack, "--yes", "--skip-preview", "--json", "--suppress-progress", *packs, *extra
        )

    def destroy(self, folder: Path, stack: str, *extra: str) -> Result:
        """`pulumi destroy --yes --skip-preview`."""
        return self.pulumi(folder, "destroy", "-s", stack, "--yes", "--skip-preview", "--json", *extra)

    def refresh(self, folder: Path, stack: str, *extra: str) -> Result:
        """`pulumi refresh --yes --skip-preview`."""
        return self.pulumi(folder, "refresh", "-s", stack, "--yes", "--skip-preview", "--json", *extra)

    def pulumi(self, folder: Path, *arguments: str) -> Result:
        """Any Pulumi command, with the stack initialised first if it has a file."""
        return self.embedded.run(arguments, folder)

    def variables(self, folder: Path) -> dict[str, str]:
        """A whole environment in which a plain `pulumi` in `folder` is the embedded engine."""
        return {**self.embedded.inherited, **self.embedded.variables(folder)}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> EngineRunner:
    """The embedded engine, with state and plug-ins apart from the user's and from other test processes'."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "AWS_"))}
    inherited["RINGFENCE_HOME"] = str(tmp_path_factory.mktemp("ringfence-home"))
    return EngineRunner(Embedded.open(inherited))


def write_project(
    folder: Path,
    program: str,
    *,
    name: str = "demo",
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
    runtime: Any = "python",
) -> Path:
    """Write a Pulumi project whose `__main__.py` is `program` (dedented), with a file for each stack
    (default: `dev`, empty).
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": runtime}), encoding="utf-8")
    (folder / "__main__.py").write_text(textwrap.dedent(program), encoding="utf-8")
    for stack, config in (stacks or {"dev": {}}).items():
        write_stack(folder, stack, config)
    return folder


def write_stack(folder: Path, stack: str, config: Mapping[str, Any]) -> Path:
    """Write `Pulumi.<stack>.yaml` with `config`; the keys are Pulumi's, such as `aws:region` or `demo:count`."""
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump({"config": dict(config)}, sort_keys=False), encoding="utf-8")
    return file
