"""`make demo-airgap`: a stack crosses to a side without a network, changes, crosses again as a delta, and goes back.

Both sides are this machine: they share the bundle and a public key, and nothing else. The high side runs in a network
namespace that has no route, where that is allowed. Everything happens below build/demo-airgap; the transcript is there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ringfence.crossing import isolation  # noqa: E402 - the checkout comes first

RINGFENCE = ROOT / ".venv" / "bin" / "ringfence"
LEFT_OUT = "images,charts,weights,wheels,engine"


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
        command = isolation.inside(*words) if side == "high" and self.cut_off else list(words)
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
    low, ring = project(demo.folder), str(RINGFENCE)
    demo.run("low", ring, "keygen", "-o", "low.key")
    up = f'eval "$({ring} env)" && pulumi up -s {stack} --yes --skip-preview --non-interactive 2>&1 | tail -7'
    demo.run("low", "bash", "-o", "pipefail", "-c", up, cwd=low)
    export = [ring, "export", "-C", str(low), "-s", stack, "-o", "medium", "--key", "low.key", "--without", LEFT_OUT]
    demo.run("low", *export)
    first = f"medium/ringfence-{stack}-1.tar"

    demo.say("\n# The medium is carried across. What can be checked with nothing but a shell:")
    by_hand = f"mkdir -p looked && tar -xf {first} -C looked && cd looked && sha256sum -c SHA256SUMS | tail -2"
    demo.run("high", "sh", "-c", by_hand)
    demo.run("high", ring, "verify", first, "--trust", "low.key.pub", "--allow-incomplete")
    slots(demo, ring, first)
    carry = [ring, "carry-in", "--trust", "low.key.pub", "--allow-incomplete", "--into", "site/ringfence", "--yes"]
    demo.run("high", *carry, first, "--slots", "slots.yaml")
    unchanged = (
        f'eval "$({ring} env)" && pulumi preview -s {stack} --expect-no-changes --non-interactive 2>&1 | tail -3'
    )
    demo.run("high", "bash", "-o", "pipefail", "-c", unchanged, cwd=demo.folder / "site" / "ringfence")

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
    demo.run("low", *export, "--base", first)
    second = f"medium/ringfence-{stack}-2-from-1.tar"
    demo.run("high", ring, "diff", first, second, may_fail=True)
    demo.run("high", *carry, second)
    demo.run("high", "bash", "-o", "pipefail", "-c", unchanged, cwd=demo.folder / "site" / "ringfence")

    demo.say("\n# Back to the bundle before, by one command")
    demo.run("high", ring, "carry-in", "--rollback", stack, "--into", "site/ringfence", "--yes")
    demo.say(f"\ntranscript: {demo.folder / 'transcript.txt'}")


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
