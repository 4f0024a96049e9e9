"""Starts a control plane and hands over a client of it.

Owns: the order of the programs, their arguments, and when each is ready. Refuses to own: the programs themselves
(parts.py), Kueue's set-up (kueue.py) and what KWOK does with pods (stages.py).

The API server makes its own certificate for 127.0.0.1, and everything that needs one (service accounts, Kueue's
webhooks, our own trust) uses that one: nothing here makes keys.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ringfence.controlplane import kueue, parts, stages
from ringfence.controlplane.client import Client
from ringfence.controlplane.processes import Processes, free_ports
from ringfence.engine.golang import Say
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError

ALONE = ("etcd", "kube-apiserver")
"""Enough to take objects in; nothing acts on them."""
WHOLE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
"""Pods are scheduled onto KWOK's nodes and run, as far as anybody can tell from the API."""


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that is up."""

    client: Client
    kubeconfig: Path
    folder: Path
    processes: Processes
    seconds: float
    """How long it took to come up."""
    programs: Mapping[str, parts.Program] = field(repr=False)
    ports: Mapping[str, int] = field(repr=False)

    @property
    def certificates(self) -> Path:
        """The API server's certificate and the authority that signed it."""
        return self.folder / "pki" / "apiserver.crt"

    def add_kueue(self, configuration: Mapping[str, Any]) -> None:
        """Start Kueue with a manager's configuration, and return once its webhooks answer.

        Raises RingfenceError where it was not among the programs.
        """
        if "kueue" not in self.programs:
            raise RingfenceError("this control plane was started without Kueue: name it among the programs")
        kueue.start(self, configuration)

    def tail(self, name: str, lines: int = 20) -> str:
        """The end of a program's log."""
        return self.processes.tail(name, lines)


@contextmanager
def start(
    places: Places, say: Say, names: tuple[str, ...] = WHOLE, folder: Path | None = None, seconds: float = 120
) -> Generator[ControlPlane]:
    """A control plane for the block; it is taken down with everything on it, however the block ends.

    Programs that are not built yet are built first. `folder`, made if needed and kept, takes logs and data; without one
    they go to a scratch folder that is removed.

    Raises:
        RingfenceError: a program cannot be built, ended by itself, or was not ready within `seconds`.
    """
    programs = parts.ensure(places, say, names)
    scratch = folder or Path(tempfile.mkdtemp(prefix="ringfence-controlplane-"))
    scratch.mkdir(parents=True, exist_ok=True)
    processes = Processes(scratch / "logs")
    try:
        made = _up(programs, scratch, processes, seconds)
        try:
            yield made
        finally:
            made.client.close()
    finally:
        processes.stop()
        if folder is None:
            shutil.rmtree(scratch, ignore_errors=True)


def _up(programs: Mapping[str, parts.Program], folder: Path, processes: Processes, seconds: float) -> ControlPlane:
    begun = time.monotonic()
    names = ("etcd", "peer", "api", "webhook", "health", "metrics", "kwok")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    token = secrets.token_urlsafe(24)
    _tokens(folder, {"ringfence": token, kueue.ACCOUNT: (as_kueue := secrets.token_urlsafe(24))})
    processes.start("etcd", [programs["etcd"].path, *_etcd(folder, ports)], folder)
    processes.start("kube-apiserver", [programs["kube-apiserver"].path, *_api_server(folder, ports)], folder)
    certificate = folder / "pki" / "apiserver.crt"
    processes.wait_until(certificate.is_file, "the API server's certificate", seconds)
    client = Client.to("127.0.0.1", ports["api"], str(certificate), token)
    processes.wait_until(lambda: _ready(client), "the API server", seconds)
    kubeconfig = _kubeconfig(folder / "kubeconfig", folder, ports["api"], token)
    _kubeconfig(folder / "kueue-kubeconfig", folder, ports["api"], as_kueue)
    for name, arguments in (
        ("kube-controller-manager", _controller_manager(folder, kubeconfig)),
        ("kube-scheduler", ["--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0"]),
    ):
        if name in programs:
            processes.start(name, [programs[name].path, *arguments], folder)
    if "kwok" in programs:
        configuration = stages.write(folder, programs["kwok"].kept)
        processes.start("kwok", [programs["kwok"].path, *_kwok(kubeconfig, configuration)], folder, _no_home(folder))
    if "kube-controller-manager" in programs:
        processes.wait_until(lambda: _accounts_are_made(client), "the controllers", seconds)
    return ControlPlane(client, kubeconfig, folder, processes, time.monotonic() - begun, programs, ports)


def _ready(client: Client) -> bool:
    try:
        return client.request("GET", "/readyz", accept="*/*").body == "ok"
    except (RingfenceError, OSError):
        return False


def _accounts_are_made(client: Client) -> bool:
    """Pods are refused until their namespace has its account, so nothing works before the controllers do."""
    try:
        return bool(client.get("v1", "ServiceAccount", "default", "default"))
    except RingfenceError:
        return False


def _etcd(folder: Path, ports: Mapping[str, int]) -> list[str]:
    here, peer = f"http://127.0.0.1:{ports['etcd']}", f"http://127.0.0.1:{ports['peer']}"
    return [
        *("--data-dir", str(folder / "etcd")),
        *("--listen-client-urls", here, "--advertise-client-urls", here),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
        # What it holds is thrown away: nothing is lost by a crash of the machine.
        "--unsafe-no-fsync",
        *("--log-level", "warn"),
    ]


def _api_server(folder: Path, ports: Mapping[str, int]) -> list[str]:
    pki = folder / "pki"
    return [
        *("--etcd-servers", f"http://127.0.0.1:{ports['etcd']}"),
        *("--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", str(ports["api"])),
        *("--cert-dir", str(pki)),
        *("--token-auth-file", str(folder / "tokens.csv")),
        *("--authorization-mode", "Node,RBAC"),
        # As real clusters have it: what refuses a privileged pod is to be the stack, not this flag.
        "--allow-privileged=true",
        *("--service-account-issuer", "https://kubernetes.default.svc"),
        *("--service-account-key-file", str(pki / "apiserver.key")),
        *("--service-account-signing-key-file", str(pki / "apiserver.key")),
        *("--service-cluster-ip-range", "10.0.0.0/16"),
        # One machine asks for everything at once; fairness between its requests is not what is tried here.
        "--enable-priority-and-fairness=false",
        *("--max-requests-inflight", "0", "--max-mutating-requests-inflight", "0"),
    ]


def _controller_manager(folder: Path, kubeconfig: Path) -> list[str]:
    pki = folder / "pki"
    return [
        *("--kubeconfig", str(kubeconfig)),
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        *("--secure-port", "0"),
        *("--service-account-private-key-file", str(pki / "apiserver.key")),
        *("--root-ca-file", str(pki / "apiserver.crt")),
        *("--kube-api-qps", "300", "--kube-api-burst", "600"),
        *("--resource-quota-sync-period", "30s"),
        # A busy machine is late with heartbeats of nodes that cannot fail.
        *("--node-monitor-grace-period", "10m"),
    ]


def _kwok(kubeconfig: Path, configuration: Path) -> list[str]:
    return [
        *("--kubeconfig", str(kubeconfig), "--config", str(configuration)),
        "--manage-all-nodes=true",
        *("--node-lease-duration-seconds", "120"),
        *("--server-address", ""),
    ]


def _no_home(folder: Path) -> dict[str, str]:
    """KWOK reads settings from the user's home if it is told of one."""
    return {**os.environ, "HOME": str(folder), "KWOK_WORKDIR": str(folder / "kwok")}


def _tokens(folder: Path, users: Mapping[str, str]) -> None:
    """Who may do everything, each under a name of its own: admission asks who somebody is, not only what they may."""
    path = folder / "tokens.csv"
    path.touch(mode=0o600)
    path.write_text("".join(f'{token},{user},{user},"system:masters"\n' for user, token in users.items()))


def _kubeconfig(path: Path, folder: Path, port: int, token: str) -> Path:
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "pki" / "apiserver.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": cluster}],
        "users": [{"name": "ringfence", "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "ringfence"}}],
        "current-context": "local",
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
