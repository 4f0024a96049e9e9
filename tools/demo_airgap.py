"""`make demo-airgap`: a stack crosses to a side without a network, changes, crosses again as a delta, and goes back.

Both sides are this machine: they share the bundle and a public key, and nothing else. Each has a registry; the low
side's holds small stand-ins of every chart, image and model that the stack asks for, and is stopped before anything is
carried in. The high side runs in a network namespace that has no route, where that is allowed. Everything happens
below build/demo-airgap; the transcript is there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ringfence.crossing import isolation, reading, tools  # noqa: E402 - the checkout comes first
from ringfence.engine.places import Places  # noqa: E402
from ringfence.engine.run import Embedded  # noqa: E402
from tests.support.registry import Running, free_port  # noqa: E402 - what fills the registry is the tests' own
from tests.support.stock import stock  # noqa: E402

RINGFENCE = ROOT / ".venv" / "bin" / "ringfence"
LEFT_OUT = "wheels,engine"
BY_HAND = """
mkdir -p looked && cd looked && tar -xf ../{bundle} SHA256SUMS signatures
openssl pkeyutl -verify -pubin -inkey ../low.key.pub -rawin -in SHA256SUMS -sigfile signatures/*.sig &&
tar --quoting-style=literal -tf ../{bundle} | grep -v -e ^signatures/ -e ^SHA256SUMS | sort > ../found
cut -c67- SHA256SUMS | sort | diff - ../found && tar -xf ../{bundle} &&
sha256sum -c --strict --quiet SHA256SUMS && find . ! -type f ! -type d && echo every sum is right
"""
"""As docs/guides/airgap.md has it."""


class Demo:
    """Runs commands on one side or the other, and writes down what was said."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.transcript = (folder / "transcript.txt").open("w", encoding="utf-8")
        self.cut_off = isolation.allowed()
        where = "a network namespace without a route" if self.cut_off else "this network: `unshare -n` is not allowed"
        self.say(f"the high side runs in {where}")
        self.source = Running(tools.ensure("crane", Places.from_environment(), self.say), folder / "low-registry")
        self.port = free_port()
        self.room = self.registry()

    def registry(self) -> subprocess.Popen[bytes]:
        """The high side's registry, in the namespace that its commands run in."""
        (self.folder / "high-registry").mkdir()
        serve = [str(self.source.program), "registry", "serve", "--address", f"127.0.0.1:{self.port}"]
        serve += ["--disk", str(self.folder / "high-registry")]
        command = isolation.inside(*serve) if self.cut_off else serve
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def close(self) -> None:
        """Stop both registries."""
        self.source.stop()
        os.killpg(self.room.pid, signal.SIGKILL)
        self.room.wait()
        self.transcript.close()

    def say(self, text: str) -> None:
        """A line of the transcript."""
        print(text, flush=True)
        self.transcript.write(text + "\n")
        self.transcript.flush()

    def run(self, side: str, *words: str, may_fail: bool = False, cwd: Path | None = None) -> str:
        """One command, shown as it would be typed."""
        shown = " ".join(word.replace(f"{self.folder}/", "").replace(str(RINGFENCE), "ringfence") for word in words)
        self.say(f"\n{side}$ {shown}")
        begin = time.monotonic()
        env = {**os.environ, "RINGFENCE_HOME": str(self.folder / f"{side}-home"), "COLUMNS": "120"}
        command = [*self.inside(), *words] if side == "high" and self.cut_off else list(words)
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for line in done.stdout.replace(f"{self.folder}/", "").splitlines():
            self.say(f"  {line}")
        self.say(f"  [exit {done.returncode}, {time.monotonic() - begin:.0f} s]")
        if done.returncode != 0 and not may_fail:
            sys.exit(f"demo-airgap: this should have worked: {shown}")
        return done.stdout

    def inside(self) -> list[str]:
        """What runs a command in the high side's namespace, and counts who tries to leave it."""
        return ["nsenter", "-t", str(self.room.pid), "-n", sys.executable, "-m", "ringfence.crossing.isolation"]

    def fill(self, project: Path, stack: str) -> None:
        """Put everything that the stack asks for into the low side's registry."""
        low = Embedded.open({**os.environ, "RINGFENCE_HOME": str(self.folder / "low-home")})
        known = reading.read(low, project, stack, None)
        filled = stock(self.source.start(), known.clusters.values())
        self.say(f"\n# The low side's registry has {len(filled)} artefacts: small stand-ins of what the stack names")


def project(folder: Path) -> Path:
    """A copy of the checkout's program, so that the demo can change its stack file."""
    target = folder / "low" / "ringfence"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.split("/")[0] in ("tests", "bench", "tools", "docs") or not (ROOT / name).is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    return target


def main() -> None:
    """The whole way, there and back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stack", default="dev")
    stack = parser.parse_args().stack
    demo = Demo(ROOT / "build" / "demo-airgap")
    try:
        there_and_back(demo, stack)
    finally:
        demo.close()


def there_and_back(demo: Demo, stack: str) -> None:
    """The loop of the guide: every step is a command that a person would type."""
    low, ring = project(demo.folder), str(RINGFENCE)
    up = f'eval "$({ring} env)" && pulumi up -s {stack} --yes --skip-preview --non-interactive 2>&1 | tail -5'
    export = [ring, "export", "-C", str(low), "-s", stack, "-o", "medium", "--key", "low.key", "--without", LEFT_OUT]
    demo.run("low", ring, "keygen", "-o", "low.key")
    demo.run("low", "bash", "-o", "pipefail", "-c", up, cwd=low)
    demo.fill(low, stack)
    export += ["--from", demo.source.address]
    demo.run("low", *export)
    first, second = f"medium/ringfence-{stack}-1.tar", f"medium/ringfence-{stack}-2-from-1.tar"
    demo.source.stop()

    demo.say("\n# The low side's registry is stopped, the medium carried across. First by hand, with nothing of ours:")
    demo.run("high", "sh", "-ec", BY_HAND.format(bundle=first).strip())
    demo.run("high", ring, "verify", first, "--trust", "low.key.pub", "--allow-incomplete")
    slots(demo, ring, first)
    carry = [ring, "carry-in", "--trust", "low.key.pub", "--allow-incomplete", "--into", "site/ringfence", "--yes"]
    carry += ["--registry", f"localhost:{demo.port}"]
    demo.run("high", *carry, first, "--slots", "slots.yaml")
    before = unchanged(demo, ring, stack)

    demo.say("\n# One byte of a copy is changed: nothing of it is used")
    data = bytearray((demo.folder / first).read_bytes())
    data[len(data) // 2] ^= 1
    (demo.folder / "tampered.tar").write_bytes(data)
    demo.run("high", *carry, "tampered.tar", may_fail=True)

    demo.say("\n# The low side changes one thing: how many accelerators a tenant may borrow")
    file = low / f"Pulumi.{stack}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{guaranteed: 2, maximum: 6}", "{guaranteed: 2, maximum: 5}", 1), encoding="utf-8")
    demo.run("low", "bash", "-o", "pipefail", "-c", up, cwd=low)
    demo.fill(low, stack)
    demo.run("low", *export, "--base", first)
    demo.source.stop()
    trusted = ["--trust", "low.key.pub"]
    demo.run("high", ring, "diff", first, second, "--values", "4", *trusted)
    demo.run("high", ring, "diff", second, "--running", "site/ringfence", "--values", "4", *trusted)
    demo.run("high", *carry, second)
    unchanged(demo, ring, stack)

    demo.say("\n# Back to the bundle before, by one command")
    demo.run("high", ring, "carry-in", "--rollback", stack, "--into", "site/ringfence", "--yes")
    if unchanged(demo, ring, stack) != before:
        sys.exit("demo-airgap: going back did not lead to the first state")
    demo.say(f"\n# The state is the first one again: {before}")
    print(f"transcript: {demo.folder / 'transcript.txt'}")


def unchanged(demo: Demo, ring: str, stack: str) -> str:
    """Show that the engine has nothing to do on the high side; the digest of the state there."""
    preview = f'eval "$({ring} env)" && pulumi preview -s {stack} --expect-no-changes --non-interactive 2>&1 | tail -3'
    demo.run("high", "bash", "-o", "pipefail", "-c", preview, cwd=demo.folder / "site" / "ringfence")
    kept = json.loads((demo.folder / "high-home" / "airgap" / "carried" / f"{stack}.json").read_text(encoding="utf-8"))
    return kept["history"][-1]["state"]


def slots(demo: Demo, ring: str, bundle: str) -> None:
    """This side's own secrets: made up, for nothing here reaches a cluster."""
    listed = subprocess.run(
        [ring, "bundle", "cat", bundle, "stack/slots.json", "--trust", "low.key.pub"],
        cwd=demo.folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    names = json.loads(listed)
    file = demo.folder / "slots.yaml"
    file.touch(mode=0o600)
    file.write_text(json.dumps(dict.fromkeys(names, "a kubeconfig of the high side's own")), encoding="utf-8")
    demo.say(f"\n# {len(names)} slots are filled on the high side: {', '.join(sorted(names))}")


if __name__ == "__main__":
    main()
