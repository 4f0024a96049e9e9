"""A Pulumi project as the embedded engine sees it: its folder, its name, its stack files and each stack's
state.

Owns the private copy of a stack file. Pulumi's passphrase secrets write a salt into `Pulumi.<stack>.yaml`; as
our passphrase belongs to one machine, that salt has no place in a file that is committed. So the engine is
given a copy that has it, and the user's file is never written to by a preview or an update. Owns no Pulumi
command line (`launcher`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from ringfence.engine.places import Places
from ringfence.errors import UsageError
from ringfence.files import write_whole

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_SECRETS_LINE = re.compile(r"^(?:encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)
_SECURE_VALUE = re.compile(r"^\s*(?:-\s*)?(?:[\"']?secure[\"']?):\s*\S", re.MULTILINE)
_PASSPHRASE_STATE = re.compile(
    r'"secrets_providers":\s*\{\s*"type":\s*"passphrase",\s*"state":\s*\{\s*"salt":\s*"([^"]+)"'
)
_BEFORE_CONTENT = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n|%[^\n]*\n|---[ \t]*(?:#[^\n]*)?\n)*")
"""Comments, blank lines, directives and the mark where the document starts: a key must not stand before that."""
_STATE_HEAD = 65_536
"""How many characters of a state file are read for its salt: Pulumi writes the secrets provider before the
resources.
"""


@dataclass(frozen=True)
class Project:
    """A folder with a `Pulumi.yaml`, and where its embedded state is kept."""

    root: Path
    name: str
    stack_folder: Path
    suffix: str
    place: Path

    @classmethod
    def containing(cls, folder: Path, places: Places) -> Project | None:
        """The project that `folder` is in, looking upwards as Pulumi does, or None.

        Raises:
            UsageError: the project file cannot be read as YAML, or has no name.
        """
        for root in [folder, *folder.parents]:
            for file in _PROJECT_FILES:
                if (root / file).is_file():
                    return cls._read(root / file, places)
        return None

    @classmethod
    def _read(cls, file: Path, places: Places) -> Project:
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not valid YAML: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("name"), str):
            raise UsageError(f"{file}: `name` is missing: a Pulumi project file starts with `name: <project>`")
        settings = content.get("stackConfigDir") or content.get("config")
        inside = settings if isinstance(settings, str) else "."
        return cls(file.parent, content["name"], file.parent / inside, file.suffix, places.project(file.parent))

    @property
    def backend(self) -> Path:
        """The folder that the `file://` backend is given."""
        return self.place / "state"

    def stack_file(self, stack: str) -> Path:
        """The user's own file for `stack`; it need not exist."""
        return self.stack_folder / f"Pulumi.{stack}{self.suffix}"

    def state_file(self, stack: str) -> Path:
        """The stack's state, where Pulumi's file backend keeps it (project-scoped layout)."""
        return self.backend / ".pulumi" / "stacks" / self.name / f"{stack}.json"

    def salt(self, stack: str) -> str | None:
        """The encryption salt of a stack that has been initialised with the passphrase provider, else None."""
        try:
            with self.state_file(stack).open(encoding="utf-8") as stream:
                found = _PASSPHRASE_STATE.search(stream.read(_STATE_HEAD))
        except FileNotFoundError:
            return None
        return json.loads(f'"{found.group(1)}"') if found else None

    def private_copy(self, stack: str) -> Path | None:
        """Write the copy of the stack's file that the engine is to read, and say where it is.

        None means that the engine reads the user's own file: it is not there, it is not YAML, the stack has
        no salt, or it already says how its secrets are kept and has some.
        """
        own = self.stack_file(stack)
        salt = self.salt(stack)
        if salt is None or self.suffix == ".json" or not own.is_file():
            return None
        text = own.read_text(encoding="utf-8-sig")
        if _SECRETS_LINE.search(text) and has_secure_values(text):
            return None
        copy = self.place / "stacks" / own.name
        write_whole(copy, _with_salt(_SECRETS_LINE.sub("", text), salt), mode=0o600)
        return copy

    def reach_neighbours(self) -> None:
        """Let stack references find the stacks of the other embedded projects: link their states beside our own.

        Where several projects have one name, such as two checkouts, the one that was last changed is found.
        """
        ours = self.backend / ".pulumi" / "stacks"
        found: dict[str, Path] = {}
        for states in sorted(self.place.parent.glob("*/state/.pulumi/stacks/*"), key=_changed):
            if states.is_dir() and not states.is_symlink() and states.name != self.name:
                found[states.name] = states
        for name, states in found.items():
            link = ours / name
            if link.is_symlink() and link.resolve() != states.resolve():
                link.unlink()
            if not link.exists():
                ours.mkdir(parents=True, exist_ok=True)
                link.symlink_to(states)

    def secrets_lines(self, stack: str) -> str:
        """The lines of the stack's file that say how its secrets are kept, if it has secrets; else nothing."""
        own = self.stack_file(stack)
        text = own.read_text(encoding="utf-8-sig") if own.is_file() else ""
        return "".join(_SECRETS_LINE.findall(text)) if has_secure_values(text) else ""


def _changed(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _with_salt(text: str, salt: str) -> str:
    """The stack file with the salt in it, and otherwise as it was written: errors in it keep their words."""
    start = _BEFORE_CONTENT.match(text)
    head, body = text[: start.end()] if start else "", text[start.end() :] if start else text
    if not body.startswith("{"):
        return f"{head}encryptionsalt: {salt}\n{body}"
    try:
        return yaml.safe_dump({**yaml.safe_load(text), "encryptionsalt": salt}, sort_keys=False)
    except yaml.YAMLError:
        return text  # Pulumi will say what is wrong with it.


def has_secure_values(text: str) -> bool:
    """Whether a stack file holds an encrypted value (`secure: ...`)."""
    return bool(_SECURE_VALUE.search(text))
