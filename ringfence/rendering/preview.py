"""Renders a stack by previewing it: the thin part that runs the engine."""

from __future__ import annotations

from pathlib import Path

from ringfence.engine.run import Embedded, OnEvent, Result
from ringfence.errors import RingfenceError
from ringfence.rendering.clusters import RenderedCluster, render


def render_stack(
    embedded: Embedded, folder: Path, stack: str, pack: Path | None = None, on_event: OnEvent | None = None
) -> tuple[dict[str, RenderedCluster], Result]:
    """Preview the stack in `folder`, policies on if a pack is given, and render what it would create.

    Raises:
        RingfenceError: the preview failed or a policy refused it: nothing is rendered of what may not be.
    """
    result = embedded.preview(folder, stack, pack, on_event)
    if result.exit_code != 0:
        raise RingfenceError(
            f"{stack} does not preview, so nothing is rendered: run `ringfence preview -s {stack}`\n"
            + result.diagnostics.strip()[-2000:]
        )
    return render(result.resources.values()), result
