"""Fetching charts, from an index and from a registry that both run here."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from ringfence.engine.charts import (
    LAYER,
    ChartFetchError,
    cached_chart,
    fetch_chart,
    fetch_charts,
)
from ringfence.facts.addons import AddOnRow
from ringfence.planning.charts import check_values


def archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


DEMO = archive(
    {
        "demo/Chart.yaml": "name: demo\nversion: 1.0.0\n",
        "demo/values.yaml": "port: 1\n",
        "demo/templates/x.yaml": "{{ .Values.hidden }}",
        "demo/charts/below/Chart.yaml": "name: below\nversion: 1.0.0\n",
        "demo/charts/below/values.yaml": "size: 1\n",
        "demo/README.md": "not kept",
        "../escape/values.yaml": "a: 1",
        "demo/../../escape.yaml/values.yaml": "a: 1",
    }
)
DIGEST = hashlib.sha256(DEMO).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers from a table of path to (status, headers, body), and keeps who asked with which token."""

    daemon_threads = True
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    tokens: list[tuple[str, str | None]]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Server = self.server  # ty: ignore[invalid-assignment]
        token = self.headers.get("Authorization")
        server.tokens.append((self.path.split("?")[0], token))
        status, headers, body = server.answers.get(self.path.split("?")[0], (404, {}, b""))
        if status == 401 and token == "Bearer let-me-in":
            status, headers = 200, {}
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # ty: ignore[incompatible-method-override]
        return


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.answers, found.tokens = {}, []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def index(server: Server, digest: str | None = DIGEST) -> str:
    entry = {"version": "v1.0.0", "urls": ["packages/demo-1.0.0.tgz"], **({"digest": digest} if digest else {})}
    text = yaml.safe_dump({"entries": {"demo": [entry]}})
    server.answers["/charts/index.yaml"] = (200, {}, text.encode())
    server.answers["/charts/packages/demo-1.0.0.tgz"] = (200, {}, DEMO)
    return f"http://127.0.0.1:{server.server_port}/charts"


def registry(server: Server) -> str:
    here = f"http://127.0.0.1:{server.server_port}"
    challenge = {"WWW-Authenticate": f'Bearer realm="{here}/token",service="here",scope="repository:x:pull"'}
    manifest = {
        "layers": [
            {"mediaType": "application/other", "digest": "x"},
            {"mediaType": LAYER, "digest": f"sha256:{DIGEST}"},
        ]
    }
    server.answers["/token"] = (200, {}, json.dumps({"token": "let-me-in"}).encode())
    server.answers["/v2/team/demo/manifests/1.0.0_build"] = (401, challenge, json.dumps(manifest).encode())
    server.answers[f"/v2/team/demo/blobs/sha256:{DIGEST}"] = (307, {"Location": f"{here}/elsewhere"}, b"")
    server.answers["/elsewhere"] = (200, {}, DEMO)
    return f"oci://127.0.0.1:{server.server_port}/team"


def test_from_an_index(server: Server, tmp_path: Path) -> None:
    folder = fetch_chart(index(server), "demo", "1.0.0", tmp_path / "cache")
    assert folder == tmp_path / "cache" / "demo-1.0.0"
    kept = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert kept == [
        "Chart.yaml",
        "charts/below/Chart.yaml",
        "charts/below/values.yaml",
        "templates/x.yaml",
        "values.yaml",
    ]
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["demo-1.0.0"]
    assert [f.path for f in check_values(folder, {"hidden": 1, "below": {"size": 1}, "prot": 1}, "t")] == ["prot"]


def test_from_a_registry_with_an_anonymous_token_that_stays_there(server: Server, tmp_path: Path) -> None:
    fetch_chart(registry(server), "demo", "1.0.0+build", tmp_path)
    assert (tmp_path / "demo-1.0.0+build" / "values.yaml").read_text(encoding="utf-8") == "port: 1\n"
    assert dict(server.tokens)["/elsewhere"] is None, "the token must not follow the redirect"
    assert dict(server.tokens)[f"/v2/team/demo/blobs/sha256:{DIGEST}"] == "Bearer let-me-in"


def test_other_bytes_than_promised_are_refused(server: Server, tmp_path: Path) -> None:
    repository = index(server)
    server.answers["/charts/packages/demo-1.0.0.tgz"] = (200, {}, archive({"demo/Chart.yaml": "name: evil\n"}))
    with pytest.raises(ChartFetchError, match="digest is not the one"):
        fetch_chart(repository, "demo", "1.0.0", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_repository_that_promises_nothing_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ChartFetchError, match="no digest to prove it by"):
        fetch_chart(index(server, digest=None), "demo", "1.0.0", tmp_path)


def test_a_version_that_is_not_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ChartFetchError, match=r"has no demo 2\.0\.0; the newest is v1\.0\.0"):
        fetch_chart(index(server), "demo", "2.0.0", tmp_path)


def test_plain_http_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(ChartFetchError, match="only https is fetched"):
        fetch_chart("http://charts.example", "demo", "1.0.0", tmp_path)


def test_one_that_cannot_be_had_does_not_stop_the_others(server: Server, tmp_path: Path) -> None:
    def row(name: str, chart: str | None, repository: str) -> AddOnRow:
        more = {"chart": chart, "version": "1.0.0", "repository": repository} if chart else {}
        return AddOnRow(name=name, purpose="p", namespace="n", source="a/b", **more)  # ty: ignore[invalid-argument-type]

    rows = [row("good", "demo", index(server)), row("bad", "gone", index(server)), row("plain", None, "")]
    said: list[str] = []
    first = fetch_charts(rows, tmp_path, said.append)
    assert (first.fetched, list(first.failed)) == (["good"], ["bad"])
    assert len(said) == 2
    again = fetch_charts(rows[:1], tmp_path)
    assert (again.present, again.fetched) == (["good"], [])
    assert cached_chart(rows[0], tmp_path) == tmp_path / "demo-1.0.0"
    assert cached_chart(rows[1], tmp_path) is None
