"""The folders of a checkout that are no part of the package: `policy` and `components` are a Pulumi project's own.

Owns: putting the checkout on the import path for the commands that use them. Refuses to own: what is in them.
"""

from __future__ import annotations

import sys

from ringfence.engine.places import SOURCE_ROOT
from ringfence.errors import UsageError


def reach(folder: str) -> None:
    """Make a folder of the checkout importable. Raises UsageError where the package is installed without it."""
    if not (SOURCE_ROOT / folder / "__init__.py").is_file():
        raise UsageError(f"the {folder} folder is not beside the package: run this from a checkout of Ringfence")
    if str(SOURCE_ROOT) not in sys.path:
        sys.path.insert(0, str(SOURCE_ROOT))
