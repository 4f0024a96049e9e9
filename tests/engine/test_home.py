"""The private home: secret, complete, the same for every checkout, and safe to make twice at once."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.engine import environment, home
from ringfence.engine.places import SOURCE_ROOT, Places
from ringfence.engine.toolchain import Engine
from ringfence.errors import UsageError


def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache", home=tmp_path / "home")


def test_the_passphrase_is_private_long_and_made_once(tmp_path: Path) -> None:
    home.prepare(places(tmp_path))
    first = places(tmp_path).passphrase.read_text()
    assert places(tmp_path).passphrase.stat().st_mode & 0o777 == 0o600
    assert places(tmp_path).home.stat().st_mode & 0o077 == 0
    assert len(first.strip()) >= 64
    home.prepare(places(tmp_path))
    assert places(tmp_path).passphrase.read_text() == first


def test_plugins_stand_at_the_versions_that_the_sdks_ask_for(tmp_path: Path) -> None:
    home.prepare(places(tmp_path))
    wanted = {
        f"resource-{package}-v{importlib.metadata.version(distribution)}/pulumi-resource-{package}"
        for package, distribution in home.PACKAGES.items()
        if package in home.installed_packages()
    }
    wanted.add(f"resource-pulumi-python-v{importlib.metadata.version('pulumi')}/pulumi-resource-pulumi-python")
    folder = places(tmp_path).pulumi_home / "plugins"
    found = {str(file.relative_to(folder)) for file in folder.glob("*/*")}
    assert found == wanted
    assert all(os.access(folder / file, os.X_OK) for file in found)


def test_pulumi_can_keep_no_log_of_properties(tmp_path: Path) -> None:
    logs = places(tmp_path).pulumi_home / "logs"
    logs.mkdir(parents=True)
    (logs / "of an older home.log").write_text("hunter2")
    for _ in range(2):
        home.prepare(places(tmp_path))
        assert logs.is_file() and not logs.read_bytes()


def test_launchers_name_no_checkout_and_no_python(tmp_path: Path) -> None:
    home.prepare(places(tmp_path))
    for script in [places(tmp_path).launchers / "pulumi", *places(tmp_path).pulumi_home.glob("plugins/*/*")]:
        assert str(SOURCE_ROOT) not in script.read_text() and sys.executable not in script.read_text()


def test_a_launcher_outside_the_environment_says_what_to_run(tmp_path: Path) -> None:
    home.prepare(places(tmp_path))
    ran = subprocess.run(
        [places(tmp_path).launchers / "pulumi", "version"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode != 0
    assert 'run: eval "$(ringfence env)"' in ran.stderr


def test_many_at_once_agree(tmp_path: Path) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom ringfence.engine import home\n"
    code += "from ringfence.engine.places import Places\n"
    code += "p = Places(Path(sys.argv[1], 'cache'), Path(sys.argv[1], 'home'))\n"
    code += "home.prepare(p)\nprint(p.passphrase.read_text().strip())\n"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


NASTY = st.text(alphabet=st.characters(exclude_characters="\0\n\r", codec="utf-8"), max_size=40)


@settings(deadline=None, max_examples=40)
@given(st.lists(NASTY, min_size=1, max_size=4))
def test_exports_survive_a_shell_whatever_is_in_them(values: list[str]) -> None:
    named = {f"V{index}": value for index, value in enumerate(values)}
    show = "".join(f'printf "%s\\n" "${name}";' for name in named)
    ran = subprocess.run(["sh", "-c", environment.shell_exports(named) + show], capture_output=True, check=True)
    assert ran.stdout.decode().split("\n")[:-1] == values


def test_the_launcher_is_first_on_path_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "pulumi", "1.2.3", "built")
    once = environment.variables(places(tmp_path), engine, tmp_path / "p", {"PATH": "/usr/bin:/bin"})
    twice = environment.variables(places(tmp_path), engine, tmp_path / "p", once)
    assert once["PATH"] == twice["PATH"] == f"{tmp_path}/home/bin:/usr/bin:/bin"


def test_no_variable_of_a_cloud_is_touched(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "pulumi", "1.2.3", "built")
    names = environment.variables(places(tmp_path), engine, tmp_path / "p", {"AWS_PROFILE": "x"})
    assert {name for name in names if not name.startswith(("PULUMI_", "RINGFENCE_"))} == {"PATH"}


@pytest.mark.parametrize(
    ("env", "cache", "private"),
    [
        ({"HOME": "/h"}, "/h/.cache/ringfence", "/h/.local/share/ringfence"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_DATA_HOME": "/d"}, "/c/ringfence", "/d/ringfence"),
        ({"RINGFENCE_CACHE": "/rc", "RINGFENCE_HOME": "/rh", "XDG_CACHE_HOME": "/c"}, "/rc", "/rh"),
    ],
)
def test_places_follow_the_environment(env: dict[str, str], cache: str, private: str) -> None:
    assert Places.from_environment(env) == Places(Path(cache), Path(private))


def test_no_home_at_all_says_which_variable_to_set() -> None:
    with pytest.raises(UsageError, match="set RINGFENCE_CACHE to a folder"):
        Places.from_environment({})
