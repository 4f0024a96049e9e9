"""Runs one Pulumi program, in the program's own Python. The language host starts this file by its path.

Owns how the SDK is configured, awaited, quickened and torn down, and which part of a traceback a user sees. It imports
the standard library and `pulumi` only: the Python that it runs in need not have ringfence.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import runpy
import sys
import traceback
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPORTED = 32
"""Exit code: the program failed and the engine has been told why. Pulumi's own host uses the same number."""

_THREADS_PER_OPERATION = 4
"""Threads for blocking calls to the engine, for each resource operation that may run at once."""


def main() -> int:
    """Read the run's description from the environment, run the program, and report how it went to the engine."""
    # This file's folder would come first on the import path, and its neighbours are not the program's modules.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    run = json.loads(os.environ.pop("RINGFENCE_RUN"))
    try:
        import pulumi
        import pulumi.runtime
    except ImportError as error:
        print(
            f"{error}: the Pulumi SDK is not installed for {sys.executable}. Install the program's requirements "
            "(`pulumi install`, or `pip install -r requirements.txt`)",
            file=sys.stderr,
        )
        return 1
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**run["settings"]))
    sys.argv = [run["program"], *run["arguments"]]
    # The SDK leaves futures behind when a program fails; asyncio would list each of them beside the real error.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    _quicken()
    return _run_to_the_end(run["program"], max(run["settings"]["parallel"], 1) * _THREADS_PER_OPERATION)


def _quicken() -> None:
    """Keep large programs from slowing down as they grow; what they do stays the same.

    The SDK tells the engine of each step of each resource, in a message of severity debug, and waits for an answer:
    where nobody asked to see them (launcher.py says so), they are not sent. It keeps several futures for each property
    until the program ends. It awaits them with `asyncio.wait(..., FIRST_COMPLETED)`, which looks at all of them
    whenever one is done, and each full collection of garbage visits them too: both are quadratic. And it works out the
    URN of each alias (Azure's types have dozens) for engines that take no alias specs; none that we run is that old.
    Last, it makes a URN of each resource for mocks out of six futures, and asks anew for each frame of each stack where
    its file is.

    bench/engine measures what this is worth. `RINGFENCE_PLAIN_SDK`, with any value, runs a program with the SDK as it
    ships: to see whether one of these is at fault.
    """
    if os.environ.get("RINGFENCE_PLAIN_SDK"):
        return
    import pulumi.log
    import pulumi.resource
    import pulumi.runtime.resource
    import pulumi.runtime.stack

    pulumi.runtime.stack.asyncio = _Asyncio("asyncio")  # ty: ignore[invalid-assignment]
    if hasattr(pulumi.resource, "collapse_alias_to_urn"):
        pulumi.resource.collapse_alias_to_urn = lambda *_: ""  # ty: ignore[invalid-assignment]
    registering = pulumi.runtime.resource
    registering.create_urn = _urn_at_once(registering.create_urn)  # ty: ignore[invalid-assignment]
    positions = _remembered(registering._get_source_position_for_frame)
    registering._get_source_position_for_frame = positions  # ty: ignore[invalid-assignment]
    gc.set_threshold(100_000, 50, 1000)
    if os.environ.get("RINGFENCE_DEBUG_MESSAGES") == "dropped":
        pulumi.log.debug = lambda *_, **__: None  # ty: ignore[invalid-assignment]


class _Asyncio(types.ModuleType):
    """asyncio for the SDK's last wait: it ends when all are done or one has failed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(self, tasks: Any, **_: Any) -> Any:
        """`asyncio.wait`. A failure still ends the program at once."""
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)


def _urn_at_once(create_urn: Callable[..., Any]) -> Callable[..., Any]:
    """`create_urn`, without a future for each part where all parts are known strings."""
    import pulumi

    def create(name: Any, type_: Any, parent: Any = None, *rest: Any, **others: Any) -> Any:
        if all(isinstance(part, str) for part in (name, type_, parent)):
            return pulumi.Output.from_input(f"{parent[: parent.rfind('::')]}${type_}::{name}")
        return create_urn(name, type_, parent, *rest, **others)

    return create


def _remembered(position_of: Callable[..., Any]) -> Callable[..., Any]:
    """The place of a stack's frame, worked out once for each line of the program."""
    known: dict[tuple[str, int | None], Any] = {}

    def position(frame: traceback.FrameSummary) -> Any:
        key = (frame.filename, frame.lineno)
        if key not in known:
            known[key] = position_of(frame)
        return known[key]

    return position


def _run_to_the_end(program: str, threads: int) -> int:
    import pulumi

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=threads)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return REPORTED
    except ModuleNotFoundError as error:
        pulumi.log.error(_missing(program, error) or _unhandled(program))
        return REPORTED
    except Exception:  # noqa: BLE001 - whatever a program raises is reported, and ends it
        pulumi.log.error(_unhandled(program))
        return REPORTED
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _run(program: str) -> None:
    import pulumi

    path = Path(program)
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise pulumi.RunError(f"{path.resolve()}: there is no `__main__.py`: a Python program's folder starts there")
    runpy.run_path(program, run_name="__main__")


def _missing(program: str, error: ModuleNotFoundError) -> str | None:
    """Where a Pulumi SDK is asked for that is not installed, and what to do; None for any other module."""
    if not (error.name or "").startswith("pulumi_"):
        return None
    root = Path(program).resolve()
    places = [f"{frame.filename}:{frame.lineno}: " for frame in traceback.extract_tb(error.__traceback__)]
    own = [place for place in places if root in Path(place).resolve().parents]
    return (
        f"{own[-1] if own else ''}{error.name} is not installed for {sys.executable}: install the program's "
        'requirements there; in a checkout of Ringfence, `make setup EXTRAS="aws azure gcp"` has those of all clouds'
    )


def _unhandled(program: str) -> str:
    """The traceback of the exception being handled, from the program's own first frame on."""
    return "Program failed with an unhandled exception:\n" + _from_program(program)


def _from_program(program: str) -> str:
    """The traceback of the exception being handled, from the program's own first frame on."""
    error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
    root = Path(program).resolve()
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    for index, frame in enumerate(frames):
        file = Path(frame.filename)
        if file.is_file() and (file.resolve() == root or root in file.resolve().parents):
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main())
