"""`python -m ringfence.controlplane`: build the programs of the control plane and fetch the definitions.

What `make test` runs first. Without Go nothing is built, and it says which tests are skipped for that.
"""

from __future__ import annotations

import sys
import time

from ringfence.controlplane import definitions, parts
from ringfence.engine import golang
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError


def main() -> int:
    """0 where everything is there, or where there is no Go to make it with."""
    places = Places.from_environment()
    begun = time.monotonic()
    if parts.missing(places) and not golang.available():
        say("no Go on PATH and Kubernetes is not built: the tests marked `cluster` will be skipped")
        return 0
    try:
        found = parts.ensure(places, say)
        definitions.ensure(places, say)
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    versions = ", ".join(f"{name} {program.version}" for name, program in found.items())
    say(f"ready in {time.monotonic() - begun:.0f} s: {versions}")
    return 0


def say(message: str) -> None:
    """Progress, to stderr."""
    print(f"controlplane: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
