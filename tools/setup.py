"""What `make setup` runs: Python packages from hashed requirements, the `ringfence` command, the Pulumi CLI.

It runs before anything is installed, so it imports the standard library and those parts of ringfence that
import nothing else. Each step is skipped when what it makes is there; what is built or bootstrapped is kept
outside the tree.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ringfence.engine.places import Places, machine  # noqa: E402
from ringfence.errors import RingfenceError  # noqa: E402
from ringfence.files import one_at_a_time, write_whole  # noqa: E402 - the package is not installed yet

REQUIREMENTS = ROOT / "requirements"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
CLOUDS = ("aws", "azure", "gcp")
ALWAYS = ("base", "dev")


def main() -> int:
    """Set up, or with `--lock` compile the requirements. Errors are one line, never a traceback."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*", metavar="CLOUD", help=f"whose SDK to install: {', '.join(CLOUDS)}")
    parser.add_argument("--lock", action="store_true", help="compile requirements/*.txt from pyproject.toml")
    options = parser.parse_args()
    unknown = set(options.extras) - set(CLOUDS)
    if unknown:
        parser.error(f"no such cloud: {', '.join(sorted(unknown))}; there are {', '.join(CLOUDS)}")
    places = Places.from_environment()
    try:
        with one_at_a_time(
            ROOT / ".git" / "ringfence-setup.lock" if (ROOT / ".git").is_dir() else places.cache / ".setup.lock",
            waiting=lambda: say("another `make setup` is at work in this checkout: waiting for it"),
        ):
            if options.lock:
                lock(uv(places))
            else:
                install(places, options.extras)
        return subprocess.run([PYTHON, "-m", "ringfence.engine"], cwd=ROOT, check=False).returncode
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd[:3]))} ... failed, see above", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def say(message: str) -> None:
    """Progress, to stderr."""
    print(f"setup: {message}", file=sys.stderr, flush=True)


def install(places: Places, extras: list[str]) -> None:
    """Make `.venv` hold exactly the requirements and the checkout; nothing to do when its stamp says so."""
    files = [REQUIREMENTS / f"{name}.txt" for name in (*ALWAYS, *extras)]
    stamp, wanted = ENVIRONMENT / ".ringfence-stamp", fingerprint(files)
    if PYTHON.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    start = time.monotonic()
    installer = uv(places)
    stamp.unlink(missing_ok=True)
    if not PYTHON.exists():
        say("creating .venv")
        run(installer, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT))
    say(f"installing Python packages ({', '.join(extras) or 'no clouds'})")
    sync = ["pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", *map(str, files)]
    # What uv has cached is installed without asking any index, so that a machine without a network can do it again.
    if subprocess.run([installer, *sync, "--offline"], env=uv_environment(), cwd=ROOT, capture_output=True).returncode:
        sync.remove("--quiet")
        run(installer, *sync)
    run(installer, "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "--no-build-isolation",
        "--editable", str(ROOT))  # fmt: skip
    write_whole(stamp, wanted, mode=0o644)
    say(f"Python packages installed in {time.monotonic() - start:.0f} s")


def fingerprint(files: list[Path]) -> str:
    """What the environment depends on: the requirements chosen, the project file, and the Python."""
    parts = [sys.version, str(ROOT), *map(str, files)]
    contents = [file.read_bytes() for file in (*files, ROOT / "pyproject.toml")]
    return hashlib.sha256("\0".join(parts).encode() + b"\0".join(contents)).hexdigest() + "\n"


def uv(places: Places) -> Path:
    """uv, from PATH if it is new enough, else our own copy in the cache, made with the pip of this Python."""
    pinned = pinned_uv()
    found = shutil.which("uv")
    if found and uv_version(found) >= key(pinned):
        return Path(found)
    folder = places.cache / "uv" / pinned / machine()
    own = folder / "bin" / "uv"
    with one_at_a_time(places.cache / "uv" / f".{pinned}.lock"):
        if not own.exists():
            bootstrap_uv(pinned, folder)
    return own


def bootstrap_uv(pinned: str, folder: Path) -> None:
    """Install uv with pip into a scratch folder and rename it into place, whole or not at all."""
    say(f"installing uv {pinned} into the cache")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".uv-") as scratch:
        target = Path(scratch, "uv")
        made = subprocess.run([sys.executable, "-m", "venv", str(target)], capture_output=True, check=False)
        # Some distributions keep `venv` and `ensurepip` in a package of their own; pip alone will do.
        command = [target / "bin" / "python"] if made.returncode == 0 else [sys.executable]
        where = [] if made.returncode == 0 else ["--prefix", str(target), "--ignore-installed"]
        pip = [*command, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
        done = subprocess.run([*pip, *where, "--no-deps", "-r", str(REQUIREMENTS / "uv.txt")], check=False)
        binary = next(target.rglob("bin/uv"), None)
        if done.returncode != 0 or binary is None:
            raise RingfenceError(
                f"uv {pinned} could not be installed with {sys.executable}. "
                "Install uv yourself (https://docs.astral.sh/uv/); on Debian and Ubuntu, install python3-venv"
            )
        staged = Path(scratch, "staged", "bin")
        staged.mkdir(parents=True)
        binary.rename(staged / "uv")
        shutil.rmtree(folder, ignore_errors=True)
        staged.parent.rename(folder)


def pinned_uv() -> str:
    """The version of uv in requirements/uv.txt."""
    found = re.search(r"^uv==([\d.]+)", (REQUIREMENTS / "uv.txt").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise RingfenceError(f"{REQUIREMENTS / 'uv.txt'}: no line `uv==VERSION`")
    return found.group(1)


def uv_version(program: str) -> tuple[int, ...]:
    """The version that a uv says it is; empty, and so too old, when it says none."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"uv (\d+\.\d+\.\d+)", said)
    return key(found.group(1)) if found else ()


def key(version: str) -> tuple[int, ...]:
    """A version as numbers, to compare."""
    return tuple(int(part) for part in version.split("."))


def run(program: Path, *arguments: str) -> None:
    """Run uv with its own output, never letting it fetch a Python."""
    subprocess.run([program, *arguments], check=True, env=uv_environment(), cwd=ROOT, stdin=subprocess.DEVNULL)


def uv_environment() -> dict[str, str]:
    """The user's environment for uv, less an activated environment that is not ours."""
    others = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return {**others, "UV_PYTHON_DOWNLOADS": "never"}


def lock(program: Path) -> None:
    """Resolve all extras together, then write a file for each with the versions of that one resolution."""
    common = ["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-annotate"]
    common += ["--python-version", "3.11", "--custom-compile-command", "make lock"]
    project = str(ROOT / "pyproject.toml")
    with tempfile.TemporaryDirectory() as scratch:
        together = Path(scratch, "all.txt")
        run(program, *common, "--all-extras", project, "-o", str(together))
        run(program, *common, "-c", str(together), project, "-o", str(REQUIREMENTS / "base.txt"))
        for extra in (*CLOUDS, "dev"):
            chosen = ["--extra", extra, "-o", str(REQUIREMENTS / f"{extra}.txt")]
            run(program, *common, "-c", str(together), project, *chosen)
    run(program, *common, str(REQUIREMENTS / "uv.in"), "-o", str(REQUIREMENTS / "uv.txt"))


if __name__ == "__main__":
    sys.exit(main())
