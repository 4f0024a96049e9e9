"""The Python language host: programs, policy packs and component providers run in the Python that they name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ringfence.engine.home import installed_packages
from tests.support.engine import EngineRunner, write_project

pytestmark = pytest.mark.engine

HOST = """
    from typing import Optional, TypedDict
    import pulumi
    from pulumi.provider.experimental import component_provider_host

    class GreeterArgs(TypedDict):
        who: pulumi.Input[str]

    class Greeter(pulumi.ComponentResource):
        greeting: pulumi.Output[str]
        def __init__(self, name: str, args: GreeterArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
            super().__init__("greet:index:Greeter", name, {}, opts)
            self.greeting = pulumi.Output.concat("hello ", args["who"])
            self.register_outputs({"greeting": self.greeting})

    if __name__ == "__main__":
        component_provider_host(components=[Greeter], name="greet")
"""
CALLER = """
    import pulumi
    class Greeter(pulumi.ComponentResource):
        greeting: pulumi.Output[str]
        def __init__(self, name, who):
            super().__init__("greet:index:Greeter", name, {"who": who, "greeting": None}, None, remote=True)
    pulumi.export("said", Greeter("g", "you").greeting)
"""


def own_environment(project: Path) -> Path:
    """A virtual environment `its-own` that also has what ours has; its folder of packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / "its-own")], check=True)
    site = next((project / "its-own" / "lib").glob("python3*")) / "site-packages"
    [ours] = [path for path in sys.path if path.endswith("site-packages")]
    (site / "ours.pth").write_text(ours + "\n")
    return site


@pytest.fixture
def component_host(tmp_path: Path) -> Path:
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(textwrap.dedent(HOST))
    return folder


def test_the_schema_of_a_component_provider(engine: EngineRunner, component_host: Path, tmp_path: Path) -> None:
    result = engine.pulumi(tmp_path, "package", "get-schema", str(component_host))
    assert result.exit_code == 0, result.stderr
    greeter = json.loads(result.stdout)["resources"]["greet:index:Greeter"]
    assert greeter["inputProperties"] == {"who": {"type": "string"}}
    assert greeter["isComponent"] is True


def test_a_component_of_a_provider_is_used(engine: EngineRunner, component_host: Path, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", CALLER)
    with (project / "Pulumi.yaml").open("a") as file:
        file.write(f"plugins:\n  providers:\n    - name: greet\n      path: {component_host}\n")
    result = engine.run_preview(project, "dev")
    assert result.exit_code == 0, result.diagnostics
    assert result.outputs == {"said": "hello you"}


def test_the_virtualenv_option_is_honoured(engine: EngineRunner, tmp_path: Path) -> None:
    program = "import pulumi, sys\npulumi.export('prefix', sys.prefix)\n"
    project = write_project(tmp_path, program, runtime={"name": "python", "options": {"virtualenv": "its-own"}})
    own_environment(project)
    result = engine.run_preview(project, "dev")
    assert result.outputs == {"prefix": str(project / "its-own")}, result.diagnostics
    assert "no virtual environment" not in result.diagnostics


def test_an_sdk_of_another_version_is_named_beside_the_plug_in_that_is_not_there(
    engine: EngineRunner, tmp_path: Path
) -> None:
    program = """
        import pulumi, pulumi_random
        pulumi_random.RandomPet("pet", opts=pulumi.ResourceOptions(version="1.2.3"))
    """
    project = write_project(tmp_path, program, runtime={"name": "python", "options": {"virtualenv": "its-own"}})
    site = own_environment(project)
    (site / "pulumi_tls").mkdir()
    (site / "pulumi_tls" / "pulumi-plugin.json").write_text('{"resource": true, "name": "tls", "version": "5.2.0"}')
    result = engine.run_preview(project, "dev")
    assert result.exit_code != 0
    assert "no resource plugin 'pulumi-resource-random' found" in result.diagnostics
    served = ", ".join(f"{name} {version}" for name, version in installed_packages().items())
    assert f"SDKs include tls 5.2.0; there are plan-only providers for {served} only: if a" in result.diagnostics


def test_a_virtualenv_that_is_not_there_is_said_once_and_done_without(engine: EngineRunner, tmp_path: Path) -> None:
    program = "import pulumi, sys\npulumi.export('executable', sys.executable)\n"
    project = write_project(tmp_path, program, runtime={"name": "python", "options": {"virtualenv": "venv"}})
    result = engine.run_preview(project, "dev")
    assert result.outputs == {"executable": sys.executable}, result.diagnostics
    assert result.diagnostics.count("venv: no virtual environment there") == 1


def test_a_folder_of_the_program_named_like_ours_is_the_programs(engine: EngineRunner, tmp_path: Path) -> None:
    program = "import pulumi, ringfence, places\npulumi.export('names', [ringfence.NAME, places.NAME])\n"
    project = write_project(tmp_path, program)
    (project / "ringfence").mkdir()
    (project / "ringfence" / "__init__.py").write_text("NAME = 'theirs'\n")
    (project / "places.py").write_text("NAME = 'theirs too'\n")
    result = engine.run_preview(project, "dev")
    assert result.outputs == {"names": ["theirs", "theirs too"]}, result.diagnostics


def test_an_exit_code_of_the_program_is_reported(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, "import sys\nsys.exit(7)\n")
    result = engine.run_preview(project, "dev")
    assert result.exit_code != 0
    assert "the program ended with exit code 7" in result.diagnostics


def test_secret_config_reaches_the_program_and_no_command_line(engine: EngineRunner, tmp_path: Path) -> None:
    program = """
        import os, pathlib, pulumi
        token = pulumi.Config().require_secret("token")
        seen = [p.read_bytes() for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if os.access(p, os.R_OK)]
        pulumi.export("leaked", any(b"hunter2" in line for line in seen))
        pulumi.export("token", token)
    """
    project = write_project(tmp_path, program)
    set_secret = ["config", "set", "--secret", "token", "-s", "dev"]
    ready = engine.run_preview(project, "dev", config={"demo:token": "x"})
    assert ready.exit_code == 0, ready.diagnostics
    values = engine.variables(project)
    launcher = engine.embedded.places.launchers / "pulumi"
    subprocess.run([launcher, *set_secret], cwd=project, env=values, input="hunter2", text=True, check=True)
    result = engine.run_preview(project, "dev")
    assert result.outputs["token"] == "[secret]" and "hunter2" not in json.dumps(result.events)
    if os.path.isdir("/proc"):  # noqa: PTH112 - a machine without /proc shows no command lines this way
        assert result.outputs["leaked"] is False


def test_about_names_the_python(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, "import pulumi\n")
    result = engine.pulumi(project, "about", "--json")
    about = json.loads(result.stdout)
    assert about["runtime"]["executable"] == sys.executable
    assert {row["name"] for row in about["dependencies"] or []} >= {"pulumi"}


def test_an_sdk_that_is_not_installed_is_named_with_a_remedy_and_no_traceback(
    engine: EngineRunner, tmp_path: Path
) -> None:
    project = write_project(tmp_path, "import pulumi\nimport pulumi_nowhere\n")
    result = engine.run_preview(project, "dev")
    assert result.exit_code != 0
    assert f"__main__.py:2: pulumi_nowhere is not installed for {sys.executable}" in result.diagnostics
    assert "Traceback" not in result.diagnostics
