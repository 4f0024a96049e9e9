"""The private home: a PULUMI_HOME of our own with the plan-only plug-ins, a passphrase, and the `pulumi`
launcher.

Owns what is on disk there. It does not say what the plug-ins answer (`ringfence.engine.providers`), nor which
variables point at the home (`environment`).
"""

from __future__ import annotations

import importlib.metadata
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from ringfence.engine.places import Places
from ringfence.files import one_at_a_time, write_whole

PACKAGES = {
    "kubernetes": "pulumi-kubernetes",
    "random": "pulumi-random",
    "aws": "pulumi-aws",
    "azure-native": "pulumi-azure-native",
    "gcp": "pulumi-gcp",
}
"""The Pulumi packages that have a plan-only provider, and the distribution each one's SDK is installed from.
"""

EXTRAS = {"aws": "aws", "azure-native": "azure", "gcp": "gcp"}
"""The packages that come with an extra of ours, and the extra's name. The other packages are always
installed.
"""


def launcher_script(module: str, *arguments: str) -> str:
    """A shell script that runs `module` of ringfence with the Python that `ringfence env` names.

    It names no path of a checkout or an environment, so one home serves several of them. `-P` keeps the
    current folder off the import path: a project that has a folder named `ringfence` must not be taken for
    us.
    """
    run = (
        "import os,runpy,sys;sys.path.insert(0,os.environ['RINGFENCE_SOURCE']);"
        f"runpy.run_module('{module}',run_name='__main__',alter_sys=True)"
    )
    words = " ".join([*arguments, '"$@"'])
    return (
        "#!/bin/sh\n"
        '# Written by Ringfence. It works after: eval "$(ringfence env)"\n'
        f'exec "${{RINGFENCE_PYTHON:?run: eval \\"\\$(ringfence env)\\"}}" -P -c "{run}" {words}\n'
    )


def installed_packages() -> dict[str, str]:
    """The packages whose SDK is installed here, each with the plug-in version that its SDK asks the engine
    for.
    """
    found = {}
    for package, distribution in PACKAGES.items():
        version = _sdk_version(package, distribution)
        if version:
            found[package] = version
    return found


def _sdk_version(package: str, distribution: str) -> str | None:
    spec = find_spec(f"pulumi_{package.replace('-', '_')}")
    if spec is None or spec.origin is None:
        return None
    about = Path(spec.origin).parent / "pulumi-plugin.json"
    stated = json.loads(about.read_text(encoding="utf-8")).get("version") if about.is_file() else None
    return stated or importlib.metadata.version(distribution)


def prepare(places: Places) -> None:
    """Make the home, or bring it up to date: cheap when nothing has changed, and safe when two do it at once."""
    places.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with one_at_a_time(places.home / ".lock"):
        if not places.passphrase.exists():
            write_whole(places.passphrase, secrets.token_urlsafe(48) + "\n", mode=0o600)
        write_whole(places.launchers / "pulumi", launcher_script("ringfence.engine.launcher"), mode=0o755)
        _place_plugins(places.pulumi_home / "plugins")
        _keep_no_logs(places.pulumi_home / "logs")


def unserved(wanted: Sequence[Mapping[str, str]]) -> str:
    """Which of the plug-ins that a program's SDKs ask for have no plan-only provider, in a sentence's first half; ""
    where there is none. Each of `wanted` has a `name` and a `version`.
    """
    here = installed_packages()
    missing = sorted(
        {f"{each['name']} {each['version']}" for each in wanted if here.get(each["name"]) != each["version"]}
    )
    if not missing:
        return ""
    served = ", ".join(f"{name} {version}" for name, version in here.items())
    return f"this program's SDKs include {', '.join(missing)}; there are plan-only providers for {served} only"


def _place_plugins(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Resources whose provider is a class of the program belong to no SDK of their own.
    dynamic = {"pulumi-python": importlib.metadata.version("pulumi")}
    for package, version in {**installed_packages(), **dynamic}.items():
        plugin = folder / f"resource-{package}-v{version}" / f"pulumi-resource-{package}"
        script = launcher_script("ringfence.engine.providers", package)
        write_whole(plugin, script, mode=0o755)


def _keep_no_logs(folder: Path) -> None:
    """Put an empty file where Pulumi would keep a log of every property of every command.

    Pulumi goes without when it cannot make the folder. The log takes a quarter of the engine's time and up to 500 MB,
    and what a command does before its stack is known is not encrypted in it.
    """
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.touch(mode=0o600)


def forget(places: Places) -> None:
    """Remove the home with the state of every stack in it. What was built stays in the cache."""
    shutil.rmtree(places.home, ignore_errors=True)
