"""The cache of public charts that values are held against.

Owns: fetching a chart from an HTTPS index or an OCI registry, proving its digest, and keeping what the dead-value check
reads. Refuses to own: the check (ringfence.planning.charts) and installing anything: no template is ever rendered here.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ringfence.engine.places import Places
from ringfence.errors import RingfenceError
from ringfence.facts.addons import AddOnRow

LARGEST = 64 * 2**20
"""Bytes of an index or a chart beyond which something is wrong: the largest of those known are 20 MiB and 3 MiB."""

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_KEPT = frozenset({"Chart.yaml", "values.yaml", "values.schema.json", "requirements.yaml"})
_TIMEOUT = 20  # seconds for each answer
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class ChartFetchError(RingfenceError):
    """A chart that could not be had, or is not what it should be; the message says which and why."""


@dataclass
class Fetched:
    """What became of a request for several charts."""

    present: list[str] = field(default_factory=list)
    """Already in the cache."""
    fetched: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Add-on to the reason."""


def charts_folder(places: Places | None = None) -> Path:
    """Where fetched charts are kept: one folder NAME-VERSION for each."""
    return (places or Places.from_environment()).cache / "charts"


def cached_chart(row: AddOnRow, folder: Path) -> Path | None:
    """The chart of a row in a folder of charts: by name and version (a cache), else by name (a folder given)."""
    for name in (f"{row.chart}-{row.version}", row.chart_folder):
        if (folder / name / "Chart.yaml").is_file():
            return folder / name
    return None


def fetch_charts(rows: Iterable[AddOnRow], folder: Path, say: Callable[[str], None] = lambda _: None) -> Fetched:
    """Fetch the charts that are not there yet; one that cannot be had does not stop the others."""
    result = Fetched()
    for row in rows:
        if row.chart is None:
            continue
        if cached_chart(row, folder):
            result.present.append(row.name)
            continue
        say(f"fetching {row.chart} {row.version} from {row.repository}")
        try:
            fetch_chart(row.repository or "", row.chart, row.version or "", folder)
            result.fetched.append(row.name)
        except ChartFetchError as error:
            result.failed[row.name] = str(error)
    return result


def fetch_chart(repository: str, chart: str, version: str, folder: Path) -> Path:
    """Fetch one chart into `folder`/NAME-VERSION and return that folder.

    Raises ChartFetchError when there is no network, no such version, or another digest than the repository promised.
    """
    read = _from_registry if repository.startswith("oci://") else _from_index
    archive = read(repository.rstrip("/"), chart, version)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{chart}-{version}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        _unpack(archive, Path(scratch) / "chart", f"{chart} {version}")
        shutil.rmtree(target, ignore_errors=True)
        (Path(scratch) / "chart").replace(target)
    return target


def _from_index(repository: str, chart: str, version: str) -> bytes:
    base = f"{repository}/"
    index = _yaml(_get(urllib.parse.urljoin(base, "index.yaml")), repository)
    entries = (index.get("entries") or {}).get(chart) or []
    entry = next((e for e in entries if str(e.get("version", "")).lstrip("v") == version.lstrip("v")), None)
    if entry is None:
        newest = f"; the newest is {entries[0].get('version')}" if entries else ""
        raise ChartFetchError(f"{repository} has no {chart} {version}{newest}")
    archive = _get(urllib.parse.urljoin(base, entry["urls"][0]))
    _prove(archive, str(entry.get("digest") or ""), f"{chart} {version}")
    return archive


def _from_registry(repository: str, chart: str, version: str) -> bytes:
    host, _, path = repository.removeprefix("oci://").partition("/")
    host = "registry-1.docker.io" if host == "docker.io" else host
    base = f"{_scheme(host)}://{host}/v2/{path}/{chart}" if path else f"{_scheme(host)}://{host}/v2/{chart}"
    tag = version.replace("+", "_")
    answer, token = _authorised(f"{base}/manifests/{tag}", {"Accept": MANIFEST})
    layers = json.loads(answer).get("layers") or []
    layer = next((part for part in layers if part.get("mediaType") == LAYER), None)
    if layer is None:
        raise ChartFetchError(f"{repository}/{chart}:{tag} is not a chart")
    archive = _get(f"{base}/blobs/{layer['digest']}", token=token)
    _prove(archive, layer["digest"], f"{chart} {version}")
    return archive


def _authorised(url: str, headers: Mapping[str, str]) -> tuple[bytes, str | None]:
    """An answer, and the anonymous token that it took."""
    try:
        return _open(url, headers), None
    except urllib.error.HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "")
        error.close()
        if error.code != 401 or not challenge.lower().startswith("bearer"):
            raise ChartFetchError(f"{url}: HTTP {error.code}") from error
    asked = dict(_CHALLENGE.findall(challenge))
    query = urllib.parse.urlencode({k: v for k, v in asked.items() if k in ("service", "scope")})
    token = json.loads(_get(f"{asked['realm']}?{query}"))
    bearer = token.get("token") or token.get("access_token")
    return _get(url, headers, bearer), bearer


def _get(url: str, headers: Mapping[str, str] | None = None, token: str | None = None) -> bytes:
    try:
        return _open(url, headers or {}, token)
    except urllib.error.HTTPError as error:
        error.close()
        raise ChartFetchError(f"{url}: HTTP {error.code}") from error


def _open(url: str, headers: Mapping[str, str], token: str | None = None) -> bytes:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != _scheme(parts.netloc):
        raise ChartFetchError(f"{url}: only https is fetched")
    request = urllib.request.Request(url, headers={"User-Agent": "ringfence", **headers})
    if token:
        # Blobs are kept elsewhere: the token must not follow the redirect there.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            body = response.read(LARGEST + 1)
    except urllib.error.HTTPError:
        raise
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise ChartFetchError(f"{url}: {getattr(error, 'reason', error)}") from error
    if len(body) > LARGEST:
        raise ChartFetchError(f"{url}: larger than {LARGEST // 2**20} MiB")
    return body


def _scheme(host: str) -> str:
    """https, but for a registry on this very machine."""
    name = host.rsplit(":", 1)[0]
    return "http" if name in ("localhost", "127.0.0.1") else "https"


def _prove(archive: bytes, digest: str, what: str) -> None:
    """Refuse bytes that are not what the repository promised, and a repository that promises nothing."""
    promised = digest.removeprefix("sha256:")
    if not promised:
        raise ChartFetchError(f"{what}: its repository gives no digest to prove it by")
    if hashlib.sha256(archive).hexdigest() != promised:
        raise ChartFetchError(f"{what}: its digest is not the one that its repository gives")


def _yaml(text: bytes, where: str) -> dict[str, Any]:
    try:
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ChartFetchError(f"{where}: its index is not YAML") from error
    return loaded if isinstance(loaded, dict) else {}


def _unpack(archive: bytes, target: Path, what: str) -> None:
    """Keep what the check reads: metadata, values, schemas and templates, of the chart and of its subcharts."""
    target.mkdir()
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            room = LARGEST
            for member in tar:
                path = PurePosixPath(member.name)
                if not member.isfile() or path.is_absolute() or ".." in path.parts or not _is_kept(path):
                    continue
                room -= member.size
                if room < 0:
                    raise ChartFetchError(f"{what}: unpacks to more than {LARGEST // 2**20} MiB")
                to = target.joinpath(*path.parts[1:])
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes((tar.extractfile(member) or io.BytesIO()).read())
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ChartFetchError(f"{what}: not a chart archive: {error}") from error
    if not (target / "Chart.yaml").is_file():
        raise ChartFetchError(f"{what}: its archive holds no Chart.yaml")


def _is_kept(path: PurePosixPath) -> bool:
    return len(path.parts) > 1 and (path.name in _KEPT or "templates" in path.parts)
