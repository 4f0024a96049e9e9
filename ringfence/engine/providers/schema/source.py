"""Generated SDK modules read as text: where a class is, what it imports, what its getters say.

Owns the regular expressions over pulumi-language-python's output (SDK wheels of pyproject.toml). Refuses to build
types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_CLASS = re.compile(r"^class (\w+)[(:]", re.MULTILINE)
_GETTER = re.compile(
    r"^    @pulumi\.getter(?:\(name=\"([^\"]+)\"\))?\n"
    r"(?:    @[\s\S]*?\n)?"
    r"    def (\w+)\(self\) -> (.+?):\n",
    re.MULTILINE,
)
_DOCUMENTED = re.compile(
    r"^    @pulumi\.getter(?:\(name=\"([^\"]+)\"\))?\n"
    r"(?:    @[^\n]*\n)?"
    r"    def (\w+)\(self\) -> [^\n]+:\n"
    r"        \"\"\"\n(.*?)\n        \"\"\"\n",
    re.MULTILINE | re.DOTALL,
)
_IMPORT = re.compile(r"^from (\.+)([\w.]*) import (\w+)(?: as (\w+))?$", re.MULTILINE)
_INIT = re.compile(r"def __init__\(__self__, \*,\n(.*?)\):\n", re.DOTALL)
_CONSTANT = re.compile(r"pulumi\.set\(__self__, \"(\w+)\", '([^']*)'\)")
_ENUM_MEMBER = re.compile(r"^    [A-Za-z_]\w* = (\"(?:[^\"\\]|\\.)*\"|-?[\d.]+)$", re.MULTILINE)
_ENUM_BASE = re.compile(r"^class \w+\((?:_builtins\.)?(str|int|float|bool), Enum\)")


@dataclass(frozen=True, slots=True)
class Getter:
    """One property of a generated class: wire name, Python name, and its type as the SDK wrote it."""

    wire_name: str
    python_name: str
    annotation: str


class SdkFile:
    """One module of an SDK, with its classes found but not parsed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        starts = [(match.group(1), match.start()) for match in _CLASS.finditer(self.text)]
        ends = [start for _, start in starts[1:]] + [len(self.text)]
        self.classes = {name: (start, end) for (name, start), end in zip(starts, ends, strict=True)}
        head = self.text[: starts[0][1]] if starts else self.text
        self.imports = {
            match.group(4) or match.group(3): (len(match.group(1)), match.group(2), match.group(3))
            for match in _IMPORT.finditer(head)
        }

    def body(self, name: str) -> str:
        """The source of one class (with what follows it up to the next class)."""
        start, end = self.classes[name]
        return self.text[start:end]

    def getters(self, name: str) -> list[Getter]:
        """The properties of a class, in the order of the SDK."""
        return [
            Getter(match.group(1) or match.group(2), match.group(2), match.group(3))
            for match in _GETTER.finditer(self.body(name))
        ]

    def documentation(self, name: str) -> dict[str, str]:
        """What the SDK says of each property of a class, by wire name."""
        return {match.group(1) or match.group(2): match.group(3) for match in _DOCUMENTED.finditer(self.body(name))}

    def required(self, name: str) -> set[str]:
        """Python names of the constructor's arguments that have no default."""
        match = _INIT.search(self.body(name))
        if match is None:
            return set()
        lines = (line.strip().rstrip(",") for line in match.group(1).splitlines())
        return {line.split(":", 1)[0] for line in lines if line and not line.endswith("= None")}

    def constants(self, name: str) -> dict[str, str]:
        """Python names of properties that the SDK itself sets to one value (discriminators)."""
        return dict(_CONSTANT.findall(self.body(name)))

    def enum_values(self, name: str) -> tuple[str | float, ...] | None:
        """The values of an enum class, or None when the class is no enum."""
        body = self.body(name)
        base = _ENUM_BASE.match(body)
        if base is None:
            return None
        members = _ENUM_MEMBER.findall(body)
        if base.group(1) == "str":
            return tuple(re.sub(r"\\(.)", r"\1", member[1:-1]) for member in members)
        return tuple(float(member) for member in members)


@lru_cache(maxsize=512)
def sdk_file(path: Path) -> SdkFile | None:
    """The module at a path, or None where there is none."""
    return SdkFile(path) if path.is_file() else None


def find_class(root: Path, here: SdkFile, dotted: str) -> tuple[SdkFile, str] | None:
    """The module and name of a class, as `dotted` is meant in the module `here` (SDK root folder `root`)."""
    *prefix, name = dotted.split(".")
    if not prefix:
        return _in_folder(here, name, ("_inputs.py", "_enums.py", "outputs.py"))
    if prefix == ["outputs"]:
        module = sdk_file(here.path.parent / "outputs.py")
        return (module, name) if module and name in module.classes else None
    imported = here.imports.get(prefix[0])
    if imported is None:
        folder = root.joinpath(*prefix)
    else:
        dots, package, target = imported
        base = here.path.parent
        for _ in range(dots - 1):
            base = base.parent
        folder = base.joinpath(*filter(None, package.split(".")), target, *prefix[1:])
    if not folder.is_dir():
        module = sdk_file(folder.with_suffix(".py"))
        return (module, name) if module and name in module.classes else None
    order = ("outputs.py",) if "outputs" in prefix else ("_inputs.py", "_enums.py", "outputs.py")
    return _search(folder, name, order)


def _in_folder(here: SdkFile, name: str, order: tuple[str, ...]) -> tuple[SdkFile, str] | None:
    if name in here.classes:
        return here, name
    return _search(here.path.parent, name, order)


def _search(folder: Path, name: str, order: tuple[str, ...]) -> tuple[SdkFile, str] | None:
    for file_name in order:
        module = sdk_file(folder / file_name)
        if module and name in module.classes:
            return module, name
    return None
