"""`python -m ringfence.engine.providers <package>`: serve one plan-only provider until the engine ends it."""

from __future__ import annotations

import asyncio
import contextlib
import sys

USAGE = "usage: python -m ringfence.engine.providers kubernetes|aws|azure-native|gcp|random|pulumi-python"


def main(arguments: list[str]) -> int:
    """Print the port as the plugin protocol asks and serve. Exit code 2 on a package that is not ours."""
    from ringfence.engine.providers.schema.registry import PACKAGES

    if not arguments or arguments[0] not in (*PACKAGES, "pulumi-python"):
        print(USAGE, file=sys.stderr)
        return 2
    from ringfence.engine.providers.light_sdk import stand_in_for_the_sdk

    stand_in_for_the_sdk()
    from ringfence.engine.providers.dynamic import PACKAGE, Dynamic
    from ringfence.engine.providers.provider import make_provider
    from ringfence.engine.providers.server import serve

    with contextlib.suppress(KeyboardInterrupt):  # until the server listens for signals itself
        asyncio.run(serve(Dynamic("0.0.0") if arguments[0] == PACKAGE else make_provider(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
