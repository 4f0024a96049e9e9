"""What a program runs on, as members of a bundle and in place: the Python packages it pins, and the engine.

Owns: that the wheels are exactly those that the lock pins, that plug-ins and wheels are of one version each, and where
they go on the high side. Refuses to own: downloading wheels, which pip does (`pip download --require-hashes -r LOCK -d
DIR`). On the embedded engine the plug-ins are Ringfence's own plan-only ones: they come with Ringfence, and not with a
bundle.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ringfence.airgap.contents import from_file
from ringfence.airgap.manifest import LeftOut, Manifest, Member, Role
from ringfence.crossing import layout
from ringfence.crossing.export import Gathered, Order, Say
from ringfence.crossing.store import Store
from ringfence.engine import home
from ringfence.engine.places import Places
from ringfence.engine.toolchain import LANGUAGE_HOST, Engine
from ringfence.errors import RingfenceError, UsageError

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_WHEEL = re.compile(r"^(?P<name>[A-Za-z0-9._]+)-(?P<version>[^-]+)(?:-[^-]+){3,4}\.whl$")


@dataclass(frozen=True)
class Wheels:
    """A source of an export: the wheels of a folder, held against the locks."""

    folder: Path | None
    locks: tuple[Path, ...]

    def __call__(self, order: Order, gathered: Gathered, say: Say) -> None:
        """Add the wheels, or say that they were left out."""
        if "wheels" in order.without:
            gathered.left_out.append(LeftOut(what="wheels", names=tuple(sorted(_pinned(self.locks)))))
            return
        if self.folder is None or not self.locks:
            raise UsageError(
                "wheels come from a folder: `pip download --require-hashes -r LOCK -d DIR`, then --wheels DIR --lock "
                "LOCK; or leave them out, --without wheels"
            )
        say("checking the wheels")
        pinned, hashes = _pinned(self.locks), _hashes(self.locks)
        found = {}
        for file in sorted(self.folder.iterdir()):
            wheel = _WHEEL.match(file.name)
            name = f"{_normal(wheel['name'])}=={wheel['version']}" if wheel else file.name
            found[name] = file
            if name not in pinned:
                gathered.problems[f"wheel/{file.name}"] = f"no lock pins it ({', '.join(map(str, self.locks))})"
            elif _sha256(file) not in hashes:
                gathered.problems[f"wheel/{file.name}"] = "its hash is not one that the lock names"
        for name in sorted(pinned - found.keys()):
            gathered.problems[f"wheel/{name}"] = f"the lock pins it, and {self.folder} does not have it"
        reason = "a Python package that the lock pins"
        gathered.contents += [from_file(f"{layout.WHEELS}/{f.name}", Role.WHEEL, f, reason) for f in found.values()]
        for lock in self.locks:
            path = f"{layout.WHEELS}/locks/{lock.name}"
            gathered.contents.append(from_file(path, Role.LOCK, lock, "pins the wheels, with their hashes"))
        _match_plugins(found.values(), gathered)


def _match_plugins(wheels: Iterable[Path], gathered: Gathered) -> None:
    """Each package of Pulumi's needs the plug-in of its very version, and each plug-in a package."""
    wanted = {}
    for wheel in wheels:
        if wheel.name.startswith("pulumi_") and zipfile.is_zipfile(wheel):
            with zipfile.ZipFile(wheel) as archive:
                about = [name for name in archive.namelist() if name.endswith("/pulumi-plugin.json")]
            if about:
                name, _, version = wheel.name.removeprefix("pulumi_").partition("-")
                wanted[name.replace("_", "-")] = version.partition("-")[0]
    have = home.installed_packages()
    used = {
        state["type"].removeprefix("pulumi:providers:"): str((state["inputs"] or {}).get("version", ""))
        for state in gathered.reading.plan.values()
        if state["type"].startswith("pulumi:providers:")
    }
    for name in sorted({*used} - wanted.keys()):
        gathered.problems[f"plugin/{name}"] = f"the plan uses provider {name} {used[name]}, and no wheel of it is there"
    for name, version in sorted(used.items()):
        if name in wanted and version and wanted[name] != version:
            gathered.problems[f"plugin/{name}"] = f"the plan uses plug-in {version}, and the wheel is {wanted[name]}"
        if name in wanted and have.get(name) != wanted[name]:
            gathered.problems[f"plugin/{name}"] = f"the wheel is {wanted[name]}, and the plug-in here {have.get(name)}"


def _pinned(locks: Iterable[Path]) -> set[str]:
    return {f"{_normal(name)}=={version}" for lock in locks for name, version in _PIN.findall(_read(lock))}


def _hashes(locks: Iterable[Path]) -> set[str]:
    return {digest for lock in locks for digest in _HASH.findall(_read(lock))}


def _read(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{lock}: cannot read the lock: {error.strerror}") from None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class EngineFiles:
    """A source of an export: the Pulumi CLI and the Python language host beside it."""

    engine: Engine

    def __call__(self, order: Order, gathered: Gathered, say: Say) -> None:
        """Add both files, or say that they were left out."""
        if "engine" in order.without:
            names = (f"pulumi {self.engine.version}",)
            gathered.left_out.append(LeftOut(what="engine", names=names))
            return
        say("adding the engine")
        for name in ("pulumi", LANGUAGE_HOST):
            file = self.engine.pulumi.with_name(name)
            reason = f"Pulumi {self.engine.version}: what the program runs on"
            gathered.contents.append(from_file(f"{layout.CLI}/{name}", Role.CLI, file, reason))
        gathered.facts["plugins"] = {
            "kind": "plan-only: they are a part of Ringfence, and call no cloud",
            "versions": home.installed_packages(),
        }


def place_engine(store: Store, manifest: Manifest, places: Places) -> Path | None:
    """Put the bundle's engine where `toolchain.find` looks, unless one is there; where it was put."""
    carried = [member for member in manifest.members if member.role is Role.CLI]
    version = str(manifest.facts.get("engine", ""))
    if not carried or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return None
    folder = places.engine(version, "built")
    for member in sorted(
        carried, key=lambda each: each.path == f"{layout.CLI}/pulumi"
    ):  # The CLI last: it is looked for.
        target = folder / member.path.removeprefix(f"{layout.CLI}/")
        if target.is_file() and _sha256(target) == member.digest.removeprefix("sha256:"):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f".{target.name}.carried")
        scratch.write_bytes(store.read(manifest, member.path))
        scratch.chmod(0o755)
        scratch.replace(target)
    return folder


def wheels_of(manifest: Manifest) -> list[Member]:
    """The wheels that a bundle has."""
    return [member for member in manifest.members if member.role is Role.WHEEL]


def place_wheels(store: Store, manifest: Manifest, project: Path, say: Say) -> None:
    """Make the project's `.venv` hold exactly the bundle's wheels, without asking any index.

    Raises:
        RingfenceError: pip refused; the environment that was there stays.
    """
    wheels = wheels_of(manifest)
    stamp, wanted = project / ".venv" / ".ringfence-wheels", _stamp(wheels)
    if not wheels or (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        return
    say(f"installing {len(wheels)} wheels")
    house = store.root / "wheelhouse"
    house.mkdir(parents=True, exist_ok=True)
    for member in wheels:
        link = house / member.path.rpartition("/")[2]
        if not link.exists():
            link.hardlink_to(store.blob(member.digest))
    locks = {
        m.path: store.read(manifest, m.path) for m in manifest.members if m.path.startswith(f"{layout.WHEELS}/locks/")
    }
    files = [_written(house / f"lock-{number}.txt", data) for number, data in enumerate(locks.values())]
    _run([sys.executable, "-m", "venv", "--clear", str(project / ".venv")])
    pip = [str(project / ".venv" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pip += ["--no-index", "--find-links", str(house), "--require-hashes", "--no-deps"]
    _run([*pip, *(word for file in files for word in ("-r", str(file)))])
    stamp.write_text(wanted, encoding="utf-8")


def _stamp(wheels: Iterable[Member]) -> str:
    return "".join(f"{member.digest}\n" for member in wheels) + sys.version


def _written(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def _run(command: list[str], env: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=env)
    if done.returncode != 0:
        raise RingfenceError(f"{' '.join(command[1:4])} failed: {done.stderr.strip()[-1500:]}")
