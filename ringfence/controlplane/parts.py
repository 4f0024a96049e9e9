"""The programs of a control plane: from which pinned Go module each comes, and the cache they live in.

Owns: the table, and building what is not there yet, once for each version. Refuses to own: running them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.engine import golang
from ringfence.engine.golang import Say
from ringfence.engine.places import SOURCE_ROOT, Places, machine
from ringfence.errors import RingfenceError
from ringfence.files import one_at_a_time

TOOLS = SOURCE_ROOT / "tools"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One program."""

    folder: str
    """Below tools/: where its go.mod is."""
    module: str
    package: str
    takes: str
    keeps: tuple[str, ...] = ()
    """Folders of its module that are needed to run it, kept beside it."""
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """As `golang.compile_program` takes them."""

    def version(self, tools: Path = TOOLS) -> str:
        """Without a `v`; raises RingfenceError outside a checkout."""
        found = golang.pinned(tools / self.folder, self.module)
        if found is None:
            raise RingfenceError(f"{tools / self.folder / 'go.mod'} does not pin {self.module}")
        return found


def _kubernetes(name: str, takes: str) -> Part:
    return Part(folder="kubernetes", module="k8s.io/kubernetes", package=f"k8s.io/kubernetes/cmd/{name}", takes=takes)


PARTS: Mapping[str, Part] = {
    "etcd": Part(
        folder="kubernetes",
        module="go.etcd.io/etcd/server/v3",
        package="go.etcd.io/etcd/server/v3",
        takes="about a minute on two cores, once for this version",
    ),
    "kube-apiserver": _kubernetes("kube-apiserver", "about eight minutes on two cores, once for this version"),
    "kube-controller-manager": _kubernetes("kube-controller-manager", "about two minutes more"),
    "kube-scheduler": _kubernetes("kube-scheduler", "about a minute more"),
    "kwok": Part(
        folder="kwok",
        module="sigs.k8s.io/kwok",
        package="sigs.k8s.io/kwok/cmd/kwok",
        takes="about two minutes on two cores, once for this version",
        keeps=("kustomize/stage",),
    ),
    "kueue": Part(
        folder="kueue",
        module="sigs.k8s.io/kueue",
        package="sigs.k8s.io/kueue/cmd/kueue",
        takes="about four minutes on two cores, once for this version",
        keeps=("config/components/crd", "config/components/webhook"),
        # It insists on a certificate for metrics at this place, which only an administrator could put there.
        edits={
            "sigs.k8s.io/kueue/cmd/kueue/main.go": ('"/etc/kueue/metrics/certs"', 'os.Getenv("KUEUE_METRICS_CERTS")')
        },
    ),
}
"""Program to where it comes from. They are built in this order: the first ones compile what the others share."""

BESIDE: Mapping[str, Part] = {"kubectl": _kubernetes("kubectl", "about a minute, once for this version")}
"""Programs that no control plane needs: bench/tenancy.py measures against kubectl."""


@dataclass(frozen=True)
class Program:
    """A program that is there."""

    path: Path
    version: str
    kept: Path
    """Holds the folders that its Part keeps."""


def missing(places: Places, names: Iterable[str] = PARTS) -> list[str]:
    """The programs that would have to be built."""
    return [name for name in names if not _program(places, name).path.is_file()]


def ensure(places: Places, say: Say, names: Iterable[str] = PARTS) -> dict[str, Program]:
    """The programs, built first where they are not there yet. One process builds at a time; the others wait.

    Raises:
        RingfenceError: one is missing and there is no Go, or it cannot be built.
    """
    wanted = list(names)
    if missing(places, wanted):
        lock = places.cache / "controlplane" / f".{machine()}.lock"
        with one_at_a_time(lock, waiting=lambda: say("another process is building Kubernetes: waiting for it")):
            for name in missing(places, wanted):
                _build(places, name, say)
    return {name: _program(places, name) for name in wanted}


def _part(name: str) -> Part:
    return PARTS[name] if name in PARTS else BESIDE[name]


def _program(places: Places, name: str) -> Program:
    version = _part(name).version()
    folder = places.cache / "controlplane" / name / f"v{version}" / machine()
    return Program(folder / name, version, folder / "kept")


def _build(places: Places, name: str, say: Say) -> None:
    if not golang.available():
        raise RingfenceError(
            f"{name} is not built yet and there is no Go on PATH: install Go (https://go.dev/dl/) and try again"
        )
    part, program = _part(name), _program(places, name)
    if part.keeps:
        _keep(golang.module_folder(TOOLS / part.folder, part.module), part.keeps, program.kept)
    golang.compile_program(
        TOOLS / part.folder,
        part.package,
        program.path,
        say,
        called=f"{name} {program.version}",
        takes=part.takes,
        link=_stamp(part),
        edits=part.edits,
    )


def _stamp(part: Part) -> str:
    """Kubernetes asks its own version of the linker."""
    if part.module != "k8s.io/kubernetes":
        return ""
    version = part.version()
    major, minor, *_ = version.split(".")
    said = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in said.items())


def _keep(source: Path, folders: Iterable[str], target: Path) -> None:
    """Copy folders of a module, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".kept-") as scratch:
        staged = Path(scratch, "kept")
        for folder in folders:
            golang.copy_tree(source / folder, staged / folder)
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
