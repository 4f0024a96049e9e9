"""Where the embedded engine keeps things outside the tree: what was built, and what is private to the user.

Owns folder names and how they follow the environment. Writes nothing: `home` and `toolchain` do.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ringfence.errors import UsageError

SOURCE_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the `ringfence` package: the checkout, or site-packages."""


@dataclass(frozen=True)
class Places:
    """The two roots of the embedded engine.

    `cache` holds what can be made again (the Pulumi CLI, uv), keyed by version and platform. `home` holds
    what cannot: the passphrase and the state of the stacks, and beside them a Pulumi home of our own.
    """

    cache: Path
    home: Path

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Places:
        """Read RINGFENCE_CACHE and RINGFENCE_HOME, else the XDG folders, else those of the user's home.

        Raises:
            UsageError: none of them is set and the user has no home folder.
        """
        return cls(
            cache=_root(env, "RINGFENCE_CACHE", "XDG_CACHE_HOME", ".cache"),
            home=_root(env, "RINGFENCE_HOME", "XDG_DATA_HOME", ".local/share"),
        )

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plug-ins and workspace settings, apart from those of any other Pulumi on the machine."""
        return self.home / "pulumi"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase of the stacks' secrets, readable by its owner only."""
        return self.home / "passphrase"

    @property
    def launchers(self) -> Path:
        """The folder that `ringfence env` puts first on PATH: it holds `pulumi` and nothing else."""
        return self.home / "bin"

    @property
    def projects(self) -> Path:
        """One folder a project: its stacks' state and the private copies of its stack files."""
        return self.home / "projects"

    def project(self, root: Path | None) -> Path:
        """The folder of the project at `root`. Keyed by the path, so that two checkouts, or two projects of
        one name, stay apart.
        """
        if root is None:
            return self.projects / "none"
        resolved = root.resolve()
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", resolved.name)[:40] or "root"
        return self.projects / f"{readable}-{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]}"

    def engine(self, version: str, source: str) -> Path:
        """The cached Pulumi CLI of `version`, by where it came from (`official` or `built`)."""
        return self.cache / "pulumi" / f"v{version}" / machine() / source


def machine() -> str:
    """The platform as a cache key, such as `linux-x86_64`."""
    return f"{sys.platform}-{platform.machine().lower()}"


def _root(env: Mapping[str, str], own: str, xdg: str, fallback: str) -> Path:
    if env.get(own):
        return Path(env[own]).expanduser().resolve()
    if env.get(xdg):
        return Path(env[xdg]).expanduser().resolve() / "ringfence"
    user = env.get("HOME")
    if not user:
        raise UsageError(f"neither {own}, {xdg} nor HOME is set: set {own} to a folder you may write to")
    return Path(user).resolve() / fallback / "ringfence"
