"""Stack files as text: YAML with the line and column of every key.

Owns: reading YAML the way Pulumi's own reader does (NO is a country, not a boolean), and where each value stands.
Refuses to own: what the values mean. Raises only StackFileError, whatever it is given.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml
import yaml.constructor

from ringfence.spec.finding import Path

_LARGEST_BYTES = 4 * 1024 * 1024
"""A stack file of a hundred sites is about 200 KiB; past 4 MiB something else was given."""
_MOST_NODES = 400_000
"""Aliases can blow a small file up: stop before memory does."""
_DEEPEST = 60
_UNREADABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 does not let stand in a file as it is (section 5.1)."""
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_MERGE_TAG = "tag:yaml.org,2002:merge"
_OTHER_ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class StackFileError(Exception):
    """The file cannot be read as YAML at all."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2 scalars: only true and false are booleans, and dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp", ":int", ":value"))]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _add_resolvers() -> None:
    core = "tag:yaml.org,2002:"
    _Loader.add_implicit_resolver(core + "bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    _Loader.add_implicit_resolver(core + "int", re.compile(r"^[-+]?([0-9]+|0x[0-9a-fA-F]+)$"), list("-+0123456789"))


_add_resolvers()


@dataclass
class Source:
    """A file's plain values, with the place of each."""

    file: str
    data: Any
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Path to (line, column), both from 1; a mapping's key marks its value."""

    def locate(self, path: Path) -> tuple[int, int]:
        """Line and column of the value, or of the nearest thing around it that is in the file."""
        for length in range(len(path), -1, -1):
            if (mark := self.marks.get(path[:length])) is not None:
                return mark
        return (1, 1)


class _Builder:
    """Turns YAML nodes into plain values and remembers where each stood."""

    def __init__(self) -> None:
        self.marks: dict[Path, tuple[int, int]] = {}
        self.open: set[int] = set()
        self.count = 0
        self.scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        at = (node.start_mark.line + 1, node.start_mark.column + 1)
        if self.count > _MOST_NODES:
            raise StackFileError("aliases repeat so much that the file is too large to read", *at)
        if len(path) > _DEEPEST:
            raise StackFileError(f"nested more than {_DEEPEST} levels deep", *at)
        if id(node) in self.open:
            raise StackFileError("an alias contains itself", *at)
        self.marks.setdefault(path, at)
        if node.tag not in (*_PLAIN_TAGS, _MERGE_TAG):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise StackFileError(
                f"the tag {_cut(tag)} is not supported: values are plain text, numbers, lists and mappings", *at
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, at)
        self.open.add(id(node))
        try:
            return self.mapping(node, path) if isinstance(node, yaml.MappingNode) else self.sequence(node, path)
        finally:
            self.open.discard(id(node))

    def scalar(self, node: yaml.ScalarNode, at: tuple[int, int]) -> Any:
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            why = "digits after a 0 are read to base 8" if node.value[:1] == "0" else _cut(str(error))
            said = f"{_cut(node.value)!r} cannot be read as a plain value ({why}): put it in quotes"
            raise StackFileError(said, *at) from None

    def sequence(self, node: Any, path: Path) -> list[Any]:
        return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                raise StackFileError("a key must be plain text", *at)
            if key_node.tag == _MERGE_TAG:
                raise StackFileError("merge keys (<<) are not supported by Pulumi: write the values out", *at)
            key = key_node.value
            if key in built:
                raise StackFileError(
                    f"the key {_cut(key)!r} is given twice, first in line {self.marks[(*path, key)][0]}", *at
                )
            self.marks[(*path, key)] = at
            built[key] = self.build(value_node, (*path, key))
        return built


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_unreadable(text: str) -> None:
    """Characters that no YAML file may have, with their place: the parser itself does not tell it."""
    found = _UNREADABLE.search(text)
    if found is None:
        return
    before = text[: found.start()]
    at = (before.count("\n") + 1, found.start() - before.rfind("\n"))
    hint = ": is this UTF-16? Save it as UTF-8" if found[0] == "\0" and text.count("\0") > len(text) // 4 else ""
    raise StackFileError(f"the character U+{ord(found[0]):04X} may not stand in YAML{hint}", *at)


def _refuse_deep(text: str) -> None:
    """Nesting past the limit, found while it is still a stream: building it would exhaust the parser's own stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                at = (event.start_mark.line + 1, event.start_mark.column + 1)
                raise StackFileError(f"nested more than {_DEEPEST} levels deep", *at)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def read_text(text: str, file: str) -> Source:
    """The values in `text`; `file` is only named in messages. Raises StackFileError."""
    with _parser_errors():
        _refuse_unreadable(text)
        _refuse_deep(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    return _built(node, file)


def read_documents(text: str, file: str) -> list[Source]:
    """The values of each document in `text`, such as Kubernetes manifests. Raises StackFileError."""
    with _parser_errors():
        _refuse_unreadable(text)
        _refuse_deep(text)
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    return [_built(node, file) for node in nodes]


def _built(node: yaml.Node | None, file: str) -> Source:
    builder = _Builder()
    data = builder.build(node, ()) if node is not None else None
    return Source(file=file, data=data, marks=builder.marks)


@contextmanager
def _parser_errors() -> Generator[None]:
    """The parser's errors, each as one with a place."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = str(error.problem or error.context)
        said = "a second document begins here: a stack file is one" if "another document" in said else said
        raise StackFileError(f"not valid YAML: {said}", *at) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StackFileError(f"not valid YAML: {reason}") from None


def read_file(file: FilePath) -> Source:
    """The values in a stack file. Raises StackFileError with what is wrong and where."""
    return read_text(text_of(file), str(file))


def text_of(file: FilePath) -> str:
    """A file's text. Raises StackFileError with what keeps it from being read, and where."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise StackFileError(f"there is no file {file}") from None
    except OSError as error:
        raise StackFileError(f"cannot be read: {error.strerror}") from None
    if len(raw) > _LARGEST_BYTES:
        raise StackFileError(f"{len(raw)} bytes is too large for a stack file (at most {_LARGEST_BYTES})")
    for mark, encoding in _OTHER_ENCODINGS.items():
        if raw.startswith(mark):
            raise StackFileError(f"not UTF-8 text but {encoding}: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise StackFileError(
            f"not UTF-8 text: byte 0x{raw[error.start]:02x} at offset {error.start}", line, column
        ) from None
