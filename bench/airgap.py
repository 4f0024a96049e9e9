"""How much sealing and verifying a bundle costs: against `tar` and `sha256sum` of the same files, in the same run.

    python -m bench.airgap [--size BYTES] [--runs N] [--large] [--json]

The rival does the least that carries files over a border: `tar` writes them, `sync` puts them on the disk as we do,
`sha256sum` says what left; on the other side `tar` lists and `sha256sum` compares. Ours hashes each file, signs,
writes, looks for secrets in every byte, and on the other side compares every byte. The promises: building takes at most
BUILD times as long and verifying VERIFY times; a delta is at most DELTA times the changed bytes and its own head; and
memory is the same for one GB and, with --large, for ten. Exit code 1 when one is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ringfence.airgap import building, keys
from ringfence.airgap.contents import Content, from_file
from ringfence.airgap.delta import plan
from ringfence.airgap.leaks import LeakWatch
from ringfence.airgap.manifest import Manifest, Role
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import Trust, check_head, verify

BUILD, VERIFY, DELTA = 1.5, 1.2, 1.05
MEMORY = 150
"""MiB at most, whatever the size."""
EPOCH = 1_795_000_000
SECRETS = {"database password": "correct-horse-battery", "token": "staple-0123456789"}
_MIB = 1 << 20


def fill(folder: Path, size: int) -> list[Path]:
    """Files as a bundle has them: three quarters blobs that nothing can compress, some of them large, and text."""
    folder.mkdir()
    rng, made, left, number = random.Random(7), [], size, 0
    text = Path(building.__file__).read_bytes() * 200
    while left > 0:
        want = min(left, (64 * _MIB, 8 * _MIB, _MIB, 256 << 10, 64 << 10)[number % 5])
        file = folder / f"{number:05}.{'txt' if number % 5 == 4 else 'bin'}"
        with file.open("wb") as stream:
            for start in range(0, want, _MIB):
                length = min(_MIB, want - start)
                stream.write(text[:length] if number % 5 == 4 else rng.randbytes(length))
        made.append(file)
        left -= want
        number += 1
    return made


def contents(files: Sequence[Path]) -> list[Content]:
    """The files as members; each is read once to hash it."""
    return [from_file(f"files/{file.name}", Role.WEIGHTS, file, "a benchmark") for file in files]


def planned(items: Sequence[Content], sealer: keys.Sealer, sequence: int = 1, base: Manifest | None = None) -> Manifest:
    """The manifest of the benchmark's bundle."""
    return plan("bench", sequence, items, [sealer.public], epoch=EPOCH, base=base)


def ours_build(files: Sequence[Path], out: Path, key: Path) -> Path:
    """Hash, sign, write, look for secrets."""
    sealer, items = keys.load_signer(str(key)), contents(files)
    return building.build(planned(items, sealer), items, out, [sealer], watch=LeakWatch(SECRETS)).file


def ours_verify(bundle: Path, key: Path) -> None:
    """Compare every byte."""
    verify(FileSource(bundle), Trust.of([keys.load_public(key.with_name(f"{key.name}.pub"))]))


def rival_build(folder: Path, out: Path) -> Path:
    """tar, sync, sha256sum."""
    out.mkdir()
    file = out / "rival.tar"
    subprocess.run(["tar", "-C", folder, "-cf", file, "."], check=True)
    subprocess.run(["sync", file], check=True)
    summed = subprocess.run(["sha256sum", file], capture_output=True, check=True)
    (out / "SHA256SUMS").write_bytes(summed.stdout)
    return file


def rival_verify(file: Path) -> None:
    """tar lists, sha256sum compares."""
    subprocess.run(["tar", "-tf", file], stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", file.with_name("SHA256SUMS")], check=True)


def in_a_process(call: Callable[[], object]) -> tuple[float, float, float]:
    """(seconds, seconds of processor time, MiB at most) of a call in a process of its own."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - the parent must hear of it, and nothing may run on
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit("a measured call failed, see above")
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(root: Path, size: int, runs: int, key: Path) -> dict[str, float]:
    """The medians of alternating runs, and their ratios."""
    files = fill(root / "files", size)
    names = ("build", "tar", "verify", "sum")
    series: dict[str, list[float]] = {f"{name}{what}": [] for name in names for what in ("", "Cpu", "Memory")}

    def take(name: str, call: Callable[[], object]) -> None:
        for what, value in zip(("", "Cpu", "Memory"), in_a_process(call), strict=True):
            series[f"{name}{what}"].append(value)

    for turn in range(runs):
        out, other = root / f"ours{turn}", root / f"rival{turn}"
        take("build", partial(ours_build, files, out, key))
        take("tar", partial(rival_build, root / "files", other))
        bundle = next(out.glob("*.tar"))
        take("verify", partial(ours_verify, bundle, key))
        take("sum", partial(rival_verify, other / "rival.tar"))
        for file in (bundle, other / "rival.tar"):
            file.unlink()
    middle = {name: statistics.median(values) for name, values in series.items()}
    return {
        "bytes": size,
        **middle,
        "buildRatio": middle["build"] / middle["tar"],
        "verifyRatio": middle["verify"] / middle["sum"],
        "buildCpuRatio": middle["buildCpu"] / middle["tarCpu"],
        "verifyCpuRatio": middle["verifyCpu"] / middle["sumCpu"],
    }


def measure_delta(root: Path, key: Path) -> dict[str, float]:
    """200 files of which 20 change: the delta's size against theirs, beside its head."""
    sealer, rng = keys.load_signer(str(key)), random.Random(9)
    folder = root / "delta"
    folder.mkdir()
    files = [folder / f"{number:03}" for number in range(200)]
    for file in files:
        file.write_bytes(rng.randbytes(300_000))
    base = planned(contents(files), sealer)
    for file in files[::10]:
        file.write_bytes(rng.randbytes(300_000))
    items = contents(files)
    built = building.build(planned(items, sealer, 2, base), items, root / "deltas", [sealer])
    head = len(check_head(FileSource(built.file), Trust.of([sealer.public])).head_bytes)
    changed = 20 * 300_000
    return {"changed": changed, "delta": built.size, "head": head, "ratio": (built.size - head) / changed}


def measure_large(root: Path, size: int, key: Path) -> dict[str, float]:
    """Memory at a size for which nobody wants to wait for the disk: zeros are read from holes and written as holes."""
    (root / "sparse").mkdir()
    file, out, pwrite = root / "sparse" / "zeros.bin", root / "large", os.pwrite
    with file.open("wb") as stream:
        stream.truncate(size)

    def hole(descriptor: int, data: bytes | memoryview, at: int) -> int:
        plain = bytes(data)
        if plain.count(0) < len(plain):
            return pwrite(descriptor, plain, at)
        os.ftruncate(descriptor, at + len(plain))
        return len(plain)

    def build() -> None:
        setattr(os, "pwrite", hole)  # noqa: B010 - in a process of its own
        ours_build([file], out, key)

    built, checked = in_a_process(build), in_a_process(lambda: ours_verify(next(out.glob("*.tar")), key))
    return {"bytes": size, "build": built[0], "verify": checked[0], "buildMemory": built[2], "verifyMemory": checked[2]}


def main() -> int:
    """Measure, print, and say whether the promises hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1_000_000_000, help="bytes of content (1 GB)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="also the memory at ten times the size, in a sparse file")
    parser.add_argument("--folder", type=Path, help="where to work: needs four times the size")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        root = Path(scratch)
        keys.keygen(root / "key")
        result = measure(root, options.size, options.runs, root / "key")
        delta = measure_delta(root, root / "key")
        large = measure_large(root, 10 * options.size, root / "key") if options.large else None
    peaks = [each[name] for each in (result, large or result) for name in ("buildMemory", "verifyMemory")]
    kept = (
        result["buildRatio"] <= BUILD
        and result["verifyRatio"] <= VERIFY
        and delta["ratio"] <= DELTA
        and max(peaks) <= MEMORY
    )
    if options.json:
        print(json.dumps({"ok": kept, "result": result, "delta": delta, "large": large}, indent=2))
    else:
        draw(result, delta, large)
    return 0 if kept else 1


def draw(result: dict[str, float], delta: dict[str, float], large: dict[str, float] | None) -> None:
    """The figures as a table."""
    table = Table("what", "ours", "tar + sha256sum", "ratio", "promised")
    size = result["bytes"] / 1e9
    for word, ours, rival, ratio, promise in (
        (f"build {size:g} GB", "build", "tar", "buildRatio", f"{BUILD}"),
        ("  processor", "buildCpu", "tarCpu", "buildCpuRatio", ""),
        (f"verify {size:g} GB", "verify", "sum", "verifyRatio", f"{VERIFY}"),
        ("  processor", "verifyCpu", "sumCpu", "verifyCpuRatio", ""),
    ):
        table.add_row(word, f"{result[ours]:.2f} s", f"{result[rival]:.2f} s", f"{result[ratio]:.2f}", promise)
    carried, changed = (delta["delta"] - delta["head"]) / 1e6, delta["changed"] / 1e6
    table.add_row(
        "delta, without its head", f"{carried:.3f} MB", f"{changed:.3f} MB", f"{delta['ratio']:.3f}", f"{DELTA}"
    )
    for each in filter(None, (result, large)):
        word = f"memory at {each['bytes'] / 1e9:g} GB"
        table.add_row(f"{word}, building", f"{each['buildMemory']:.0f} MiB", "", "", f"{MEMORY} MiB")
        table.add_row(f"{word}, verifying", f"{each['verifyMemory']:.0f} MiB", "", "", f"{MEMORY} MiB")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
