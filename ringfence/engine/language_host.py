"""`pulumi-language-python` for a CLI that was built from Go modules: the official one cannot be had that way.

Owns the language-host protocol as far as running goes: programs, policy packs and component providers written
in Python, and what `pulumi about` asks. It generates no code and installs no dependencies: an official Pulumi
does. It is used only beside a CLI that we built; an official CLI keeps its own host.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from ringfence.engine import home, interpreter
from ringfence.engine.program import REPORTED

MAX_MESSAGE = 400 * 1024 * 1024
"""Bytes in one message: Pulumi raises gRPC's limit to this everywhere."""

SECONDS_BETWEEN_LOOKS = 2.0
"""How often the host looks whether its engine is still there."""

_PROGRAM = Path(__file__).with_name("program.py")


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine's questions about Python programs and runs them."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address

    def Handshake(self, request, context):
        """Nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request, context):
        """Our version is the SDK's: the host is made for it."""
        from pulumi._version import version

        return plugin_pb2.PluginInfo(version=str(version))

    def GetRequiredPlugins(self, request, context):
        """None: plug-ins are found when a resource asks for one."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request, context):
        """The SDKs installed for the program that say they need a plug-in."""
        python = interpreter.find(request.info)
        found = interpreter.required_plugins(python)
        packages = [
            plugin_pb2.PackageDependency(
                kind="resource", name=one["name"], version=one["version"], server=one["server"]
            )
            for one in found
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def About(self, request, context):
        """The Python that the program runs with."""
        python = interpreter.find(request.info)
        return language_pb2.AboutResponse(executable=str(python), version=interpreter.version(python))

    def GetProgramDependencies(self, request, context):
        """The distributions installed for the program."""
        python = interpreter.find(request.info)
        rows = interpreter.distributions(python)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=number) for name, number in rows]
        )

    def InstallDependencies(self, request, context):
        """Install nothing: which installer and index a project uses is its own business. A plug-in runs as it is."""
        if not request.is_plugin:
            said = (
                f"{request.info.program_directory}: install its requirements yourself; the embedded engine does not\n"
            )
            yield language_pb2.InstallDependenciesResponse(stderr=said.encode())

    def Run(self, request, context):
        """Run a program to its end. Its output is ours, so it reaches the engine's display."""
        python = interpreter.find(request.info)
        missing = interpreter.missing_environment(request.info)
        if missing:
            print(f"{missing}: no virtual environment there: the program runs with {python}", file=sys.stderr)
        process = subprocess.Popen(
            [str(python), "-u", str(_PROGRAM)],
            cwd=request.pwd or None,
            env=self._environment(request),
            stdin=subprocess.DEVNULL,
        )
        context.add_callback(lambda: process.poll() is None and process.terminate())
        code = process.wait()
        if code == 0:
            return language_pb2.RunResponse()
        if unserved := home.unserved(interpreter.required_plugins(python)):
            print(f"{unserved}: if a plug-in was not found, install the versions above for {python}", file=sys.stderr)
        if code == REPORTED:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}")

    def _environment(self, request) -> dict[str, str]:
        info = request.info
        settings = {
            "project": request.project,
            "stack": request.stack,
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": info.root_directory,
        }
        program = str(Path(info.program_directory, info.entry_point))
        return {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            "RINGFENCE_RUN": json.dumps({"program": program, "arguments": list(request.args), "settings": settings}),
        }

    def RunPlugin(self, request, context):
        """Run a policy pack or a provider written in Python, streaming its output, until the engine is done
        with it.
        """
        python = interpreter.find(request.info)
        folder = request.info.program_directory
        environment = dict(pair.split("=", 1) for pair in request.env if "=" in pair)
        start = ["-u", "-m", "pulumi.policy"] if request.kind == "analyzer" else ["-u"]
        # A policy pack is told the engine's address and then its own folder; a provider's folder is what Python runs.
        tail = [*request.args, folder] if request.kind == "analyzer" else [folder, *request.args]
        process = subprocess.Popen(
            [str(python), *start, *tail],
            cwd=request.pwd or None,
            env=environment or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(lambda: process.poll() is None and process.terminate())
        yield from _stream(process)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _stream(process: subprocess.Popen[bytes]):
    """The process's output as it comes, a message a line, until both streams end."""
    messages: SimpleQueue[language_pb2.RunPluginResponse | None] = SimpleQueue()

    def read(stream, name: str) -> None:
        for line in stream:
            messages.put(language_pb2.RunPluginResponse(**{name: line}))
        messages.put(None)

    for stream, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
        threading.Thread(target=read, args=(stream, name), daemon=True).start()
    open_streams = 2
    while open_streams:
        message = messages.get()
        if message is None:
            open_streams -= 1
        else:
            yield message


def main() -> int:
    """Serve on a free port, print it as the engine expects, and live until the engine ends us."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    limits = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(addresses[-1] if addresses else ""), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    engine = os.getppid()
    with contextlib.suppress(KeyboardInterrupt):
        # An engine that is killed says nothing: whoever has another parent now has nobody to serve. Ending the server
        # cancels what runs, and with it the program or the policy pack.
        while server.wait_for_termination(SECONDS_BETWEEN_LOOKS) and os.getppid() == engine:
            pass
        server.stop(grace=None).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
