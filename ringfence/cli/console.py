"""How the command speaks: results to stdout, progress and errors to stderr, colour only on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

_COLUMNS_IN_A_FILE = 120
_SECONDS_A_LINE = 10


def out() -> Console:
    """The console for results. Into a file or a pipe, lines may have 120 columns and sentences are not broken."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, soft_wrap=True, width=_COLUMNS_IN_A_FILE)


def error(message: str) -> None:
    """An error, to stderr."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    err.print("[bold red]error:[/]", end=" ")
    err.print(message, markup=False)


def note(message: str) -> None:
    """A line of progress, to stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False, style="dim")


class Progress:
    """How far something is: a line on a terminal that is redrawn, elsewhere a new line every so often."""

    def __init__(self, title: str, redraw: Callable[[str], None] | None = None) -> None:
        self._title, self._redraw, self._said = title, redraw, time.monotonic()

    def at(self, message: str) -> None:
        """Show how far it is."""
        if self._redraw:
            self._redraw(f"{self._title}: {message}")
        elif time.monotonic() - self._said > _SECONDS_A_LINE:
            self._said = time.monotonic()
            note(f"{self._title}: {message}")


@contextmanager
def progress(title: str) -> Generator[Progress]:
    """Say on stderr that something has begun, and how far it is as it goes."""
    err = Console(stderr=True, highlight=False)
    if err.is_terminal:
        with err.status(escape(title)) as status:
            yield Progress(title, lambda message: status.update(escape(message)))
    else:
        note(title)
        yield Progress(title)
