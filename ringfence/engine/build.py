"""Builds the Pulumi CLI from the Go modules that `tools/go.mod` pins. Owns what is built and with which version; the
compiler is `golang`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ringfence.engine import golang
from ringfence.engine.places import SOURCE_ROOT
from ringfence.errors import RingfenceError

MODULE = "github.com/pulumi/pulumi/pkg/v3"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def pinned_version(tools: Path = SOURCE_ROOT / "tools") -> str | None:
    """The version of the Pulumi CLI in `tools/go.mod`; None outside a checkout."""
    return golang.pinned(tools, MODULE)


def build(version: str, target: Path, say: Callable[[str], None], tools: Path = SOURCE_ROOT / "tools") -> None:
    """Build `pulumi` into the folder `target`. A build that is killed leaves nothing there.

    Raises:
        RingfenceError: there is no Go, no pinned source for this version, or the compiler failed.
    """
    _check(version, tools)
    golang.compile_program(
        tools,
        f"{MODULE}/cmd/pulumi",
        target / "pulumi",
        say,
        called="Pulumi",
        takes="about five minutes on two cores, once for this version",
        link=f"-X {_VERSION_VARIABLE}=v{version}",
    )


def _check(version: str, tools: Path) -> None:
    pinned = pinned_version(tools)
    if pinned != version:
        raise RingfenceError(
            f"Pulumi {version} is needed and {tools / 'go.mod'} has {pinned or 'none'}: "
            f"install Pulumi {version} or newer from https://www.pulumi.com/docs/iac/download-install/"
        )
    if not golang.available():
        raise RingfenceError(
            "Pulumi can be neither found, downloaded nor built: install Pulumi "
            f"{version} or newer (https://www.pulumi.com/docs/iac/download-install/), or Go (https://go.dev/dl/), "
            "and run `make setup` again"
        )
