"""`python -m ringfence.engine`: get the embedded engine ready. The last step of `make setup`."""

from __future__ import annotations

import sys

from ringfence.engine import home, toolchain
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError


def main() -> int:
    """Find, download or build the Pulumi CLI and make the private home, with progress on stderr."""
    try:
        places = Places.from_environment()
        engine = toolchain.ensure(places, say)
        home.prepare(places)
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    say(f"ready: Pulumi {engine.version} ({engine.source}), {len(home.installed_packages())} plan-only providers")
    return 0


def say(message: str) -> None:
    """Progress, to stderr."""
    print(f"setup: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
