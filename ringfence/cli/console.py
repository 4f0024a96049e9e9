"""How the command speaks: results to stdout, progress and errors to stderr, colour only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console

_COLUMNS_IN_A_FILE = 120


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


@contextmanager
def progress(title: str) -> Generator[Progress]:
    """A line on stderr that says how far something is; on a terminal it moves, elsewhere it is printed now
    and then.
    """
    err = Console(stderr=True, highlight=False)
    if not err.is_terminal:
        err.print(title, markup=False)
        yield Progress()
        return
    with err.status(title) as status:
        yield Progress(lambda message: status.update(f"{title}: {message}"))


class Progress:
    """How far something is. Says nothing where there is no terminal to redraw."""

    def __init__(self, show=lambda message: None) -> None:
        self._show = show

    def at(self, message: str) -> None:
        """Show how far it is."""
        self._show(message)
