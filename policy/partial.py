"""Whether an update looks at a part of the stack only: `--target` and its kin, which the engine tells no policy.

Owns: finding the flag. The launcher of `ringfence env` says it in a variable; with any other the command lines of the
processes above this one are read, where the system shows them (Linux). What is not planned is shown to the rules as it
was at the last update. Refuses to own: what that means (policy.rules.opaque).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

VARIABLE = "RINGFENCE_PARTIAL"
FLAGS = ("--target", "--target-replace", "--exclude")
"""Source: pulumi 3.259.0, `pulumi preview --help`; `-t` is short for --target."""
_OPERATIONS = frozenset({"preview", "pre", "up", "update", "refresh", "destroy", "down", "dn", "watch"})
_HIGHEST = 8


def flag_in(arguments: Sequence[str]) -> str:
    """The first flag of a pulumi command line that leaves resources out; empty where there is none."""
    if not _OPERATIONS.intersection(arguments):
        return ""
    for argument in arguments[: arguments.index("--")] if "--" in arguments else arguments:
        name = argument.partition("=")[0]
        if name in FLAGS:
            return name
        if argument == "-t" or (argument.startswith("-t") and not argument.startswith("--")):
            return "--target"
    return ""


def found(environment: Mapping[str, str], above: Callable[[], Sequence[Sequence[str]]] | None = None) -> str:
    """The flag, from the variable or from the command lines above; empty where nothing says one."""
    said = environment.get(VARIABLE, "")
    if said:
        return said
    lines = (above or command_lines)()
    return next((flag for line in lines if _is_pulumi(line) and (flag := flag_in(line[1:]))), "")


def _is_pulumi(line: Sequence[str]) -> bool:
    return bool(line) and Path(line[0]).name in ("pulumi", "pulumi.exe")


def command_lines(process: str = "self", root: Path = Path("/proc")) -> list[list[str]]:
    """The command lines of the processes above one, the nearest first; none where the system does not show them."""
    lines: list[list[str]] = []
    try:
        for _ in range(_HIGHEST):
            status = (root / process / "status").read_text(encoding="utf-8").splitlines()
            process = next(line.split()[1] for line in status if line.startswith("PPid:"))
            if process == "0":
                break
            text = (root / process / "cmdline").read_bytes().decode("utf-8", "replace")
            lines.append([part for part in text.split("\0") if part])
    except (OSError, StopIteration, IndexError):
        pass
    return lines
