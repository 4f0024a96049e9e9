"""`ringfence`: the table of commands, and the one place where an error becomes a message and an exit code.

Each command is a function of its own name in a file of its own name. Only the file of the command that is
called is imported, so `ringfence check` starts without the engine's libraries. Owns no command.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence

import typer

from ringfence.errors import RingfenceError, UsageError, disk_is_full

COMMANDS = {
    "check": "Check stack files: types, names, networks, capacity, residency. No engine, under a second.",
    "preview": "Preview a stack on the embedded engine, with its policies, and summarise it.",
    "env": "Print shell exports that make a plain `pulumi` the embedded engine.",
    "doctor": "Say which parts are there, where they came from, and what to do about the others.",
    "keygen": "Make a key pair that seals bundles or signs receipts.",
    "export": "Build one sealed bundle of a stack, for a side that has no network.",
    "verify": "Check a bundle offline: is it, to the last byte, what people you trust signed?",
    "bundle": "Look into a bundle: ls, cat, why.",
    "carry-in": "Carry a bundle in: verify, place, preview, compare, apply; or go back to the one before.",
    "receipt": "Show what a carry-in says it applied, to read aloud or photograph; or take what was read aloud.",
    "diff": "Say what changed between two bundles: images, policies, residency, cost.",
    "mutate": "Plant every known leak, one at a time, into compliant stacks, and count the refusals.",
    "explain": "Explain a rule, or how to satisfy another tool's rule without letting data leave.",
    "simulate": "Run a week of jobs in minutes on the real scheduler and Kueue, and say who waits and who pays.",
    "schema": "Write the JSON Schema of the stack file.",
}
"""Each command with a line of help. A new one is a row here and a file `ringfence/cli/<command>.py`."""


def application(called: str | None) -> typer.Typer:
    """The command line, with the command `called` imported and the others as names with their help."""
    app = typer.Typer(
        help="One typed description of a hybrid AI platform, kept inside its jurisdictions, tenants and budgets.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def _group() -> None:
        """Make a group of it however many commands there are."""

    for name, summary in COMMANDS.items():
        function = _imported(name) if name == called else _placeholder
        app.command(name, help=None if name == called else summary)(function)
    return app


def _imported(name: str) -> Callable[..., None]:
    word = name.replace("-", "_")
    return getattr(importlib.import_module(f"ringfence.cli.{word}"), word)


def _placeholder() -> None:
    """Stands for a command that is not the one being called."""


def _fail(words: Sequence[str], message: str) -> None:
    if "--json" in words:
        print(json.dumps({"ok": False, "error": message}, indent=2, ensure_ascii=False))
    else:
        from ringfence.cli import console  # rich takes as long to import as a quick command takes to run

        console.error(message)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 refused or failed, 2 bad usage or bad config, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    called = next((word for word in words if not word.startswith("-")), None)
    try:
        application(called)(words, prog_name="ringfence")
    except RingfenceError as error:
        _fail(words, str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        if disk_is_full(error):
            _fail(words, f"{where}the disk is full: make room, and run the same command again")
            sys.exit(RingfenceError.exit_code)
        if not where:
            raise
        _fail(words, f"{where}cannot be used: {error.strerror}: name another path, or see who may read and write it")
        sys.exit(UsageError.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
