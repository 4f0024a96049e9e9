"""The project's own stacks, previewed for real: a folder of links to the project with one stack file, edited or not.

Previews of unedited stacks are made once in a test process: `previewed(engine, "prod")`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ringfence.engine.run import Result
from tests.support.engine import EngineRunner

REPO = Path(__file__).resolve().parents[2]
STACKS = ("dev", "prod")
EXAMPLES = ("finance", "healthcare", "manufacturing", "three_datacentres")
_LINKED = ("components", "stacks", "policy", "ringfence", ".venv", "Pulumi.yaml", "Pulumi.README.md")


def stack_file(name: str) -> Path:
    """The stack file of that name, or the example."""
    return REPO / f"Pulumi.{name}.yaml" if name in STACKS else REPO / "stacks" / "examples" / f"{name}.yaml"


def stack_project(folder: Path, name: str, edit: tuple[str, str] | None = None, extra: str = "") -> Path:
    """A project folder whose stack `name` is the file with its first `edit[0]` replaced by `edit[1]`.

    `extra` is appended to the program, as somebody would who works around the platform file.
    """
    for linked in _LINKED:
        if (REPO / linked).exists():
            (folder / linked).symlink_to(REPO / linked)
    (folder / "__main__.py").write_text((REPO / "__main__.py").read_text() + extra)
    text = stack_file(name).read_text()
    if edit is not None:
        assert edit[0] in text, f"{edit[0]!r} is not in {stack_file(name)}"
        text = text.replace(*edit, 1)
    (folder / f"Pulumi.{name.replace('_', '-')}.yaml").write_text(text)
    return folder


_PREVIEWED: dict[str, Result] = {}


def previewed(engine: EngineRunner, name: str) -> Result:
    """The preview of an unedited stack, policies on."""
    if name not in _PREVIEWED:
        _PREVIEWED[name] = _preview(engine, name)
    return _PREVIEWED[name]


def _preview(engine: EngineRunner, name: str) -> Result:
    folder = stack_project(Path(tempfile.mkdtemp(prefix="ringfence-stack-")), name)
    return engine.run_preview(folder, name.replace("_", "-"), pack=REPO / "policy")
