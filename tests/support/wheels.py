"""Wheels of what is installed here, made anew from its own files: real packages for tests that reach no index.

The files are those that were installed, byte for byte, so that the wheels install and run; their hashes are not those
of the index, for an archive is packed in its own way.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePosixPath

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def closure(name: str) -> list[str]:
    """A distribution with all that it needs here, extras aside."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        each = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if each in found:
            continue
        found[each] = None
        needs = [need for need in distribution(each).requires or () if "extra ==" not in need]
        waiting += [match[0] for need in needs if (match := _NAME.match(need))]
    return sorted(found)


def wheel(name: str, folder: Path) -> Path:
    """A wheel of an installed distribution."""
    folder.mkdir(parents=True, exist_ok=True)
    found = distribution(name)
    about = f"{re.sub(r'[-_.]+', '_', found.metadata['Name'])}-{found.version}"
    file = folder / f"{about}-{_tag(found)}.whl"
    rows = []
    with zipfile.ZipFile(file, "w") as archive:
        for path, data in sorted(_files(found)):
            kept = re.sub(r"^[^/]+\.dist-info/", f"{about}.dist-info/", path)
            archive.writestr(zipfile.ZipInfo(kept, (1980, 1, 1, 0, 0, 0)), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{kept},sha256={digest},{len(data)}\n")
        record = f"{about}.dist-info/RECORD"
        archive.writestr(zipfile.ZipInfo(record, (1980, 1, 1, 0, 0, 0)), "".join([*rows, f"{record},,\n"]))
    return file


def _tag(found: Distribution) -> str:
    tags = re.findall(r"^Tag: (\S+)", found.read_text("WHEEL") or "", re.MULTILINE)
    return tags[0] if len(tags) == 1 else "-".join(".".join(dict.fromkeys(part)) for part in zip(*(
        tag.split("-") for tag in tags), strict=True))  # fmt: skip


def _files(found: Distribution) -> list[tuple[str, bytes]]:
    made = []
    for path in found.files or ():
        pure = PurePosixPath(path)
        beside = pure.is_absolute() or ".." in pure.parts or "__pycache__" in pure.parts
        by_the_installer = pure.parent.name.endswith(".dist-info") and pure.name in (
            "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")  # fmt: skip
        if not beside and not by_the_installer:
            made.append((str(pure), Path(str(found.locate_file(path))).read_bytes()))
    return made


def lock(file: Path, wheels: list[Path]) -> Path:
    """Hashed requirements that pin exactly these wheels."""
    lines = []
    for each in wheels:
        name, version = each.name.split("-")[:2]
        digest = hashlib.sha256(each.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-').lower()}=={version} \\\n    --hash=sha256:{digest}\n")
    file.write_text("".join(lines))
    return file
