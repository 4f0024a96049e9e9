"""The command line: what is imported, what is printed where, and how it exits."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from ringfence.cli import main
from ringfence.errors import RingfenceError, UsageError


def ringfence(*words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from ringfence.cli.main import run; run(sys.argv[1:])"
    root = str(Path(main.__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": root, **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("command", main.COMMANDS)
def test_every_command_is_a_function_in_a_file_of_its_name_and_speaks_json(command: str) -> None:
    word = command.replace("-", "_")
    function = getattr(importlib.import_module(f"ringfence.cli.{word}"), word)
    assert function.__doc__
    options = [str(parameter.annotation) for parameter in inspect.signature(function).parameters.values()]
    assert any("'--json'" in option for option in options), "each command takes --json"


def test_check_imports_neither_pulumi_nor_grpc() -> None:
    code = (
        "import sys; from ringfence.cli.main import run\n"
        "try: run(['check', 'Pulumi.prod.yaml'])\nexcept SystemExit: pass\n"
        "print([name for name in ('pulumi', 'grpc', 'pulumi_aws') if name in sys.modules], file=sys.stderr)"
    )
    root = Path(main.__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stderr == "[]\n"


def test_help_lists_the_commands_and_a_typo_is_bad_usage() -> None:
    shown = ringfence("--help")
    assert shown.returncode == 0
    assert all(command in shown.stdout for command in main.COMMANDS)
    typo = ringfence("previw")
    assert (typo.returncode, typo.stdout) == (2, "")
    assert "preview" in typo.stderr


@pytest.mark.parametrize(("error", "code"), [(RingfenceError("no [luck]"), 1), (UsageError("no [luck]"), 2)])
def test_our_errors_are_a_message_and_an_exit_code(error, code, monkeypatch, capsys) -> None:
    def env() -> None:
        raise error

    monkeypatch.setitem(sys.modules, "ringfence.cli.env", types.SimpleNamespace(env=env))
    with pytest.raises(SystemExit) as ended:
        main.run(["env"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err) == (code, "", "error: no [luck]\n")


def test_a_path_that_cannot_be_used_is_bad_usage_and_no_traceback(tmp_path: Path) -> None:
    said = ringfence("schema", "--output", str(tmp_path / "nowhere" / "x.json"))
    assert (said.returncode, "Traceback" in said.stderr) == (2, False)
    assert "cannot be used: No such file or directory" in said.stderr


def test_a_chart_without_the_folder_of_charts_is_bad_usage() -> None:
    said = ringfence("check", "--chart", "keda", "values.yaml")
    assert (said.returncode, "--charts" in said.stderr) == (2, True)


def test_an_interrupt_is_130(monkeypatch) -> None:
    def env() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "ringfence.cli.env", types.SimpleNamespace(env=env))
    with pytest.raises(SystemExit) as ended:
        main.run(["env"])
    assert ended.value.code == 130


def test_without_an_engine_env_says_make_setup_and_prints_nothing_to_evaluate(tmp_path: Path) -> None:
    ran = ringfence("env", cwd=tmp_path, RINGFENCE_CACHE=str(tmp_path), RINGFENCE_HOME=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "run `make setup`" in ran.stderr
    ran = ringfence("env", "--json", cwd=tmp_path, RINGFENCE_CACHE=str(tmp_path), RINGFENCE_HOME=str(tmp_path))
    assert json.loads(ran.stdout)["ok"] is False


def test_doctor_names_what_is_missing_and_its_fix(tmp_path: Path) -> None:
    ran = ringfence("doctor", "--json", cwd=tmp_path, RINGFENCE_CACHE=str(tmp_path), RINGFENCE_HOME=str(tmp_path))
    told = json.loads(ran.stdout)
    assert ran.returncode == 1 and told["ok"] is False
    [missing] = [part for part in told["parts"] if part["state"] == "missing"]
    assert (missing["name"], missing["fix"]) == ("Pulumi CLI", "make setup")
    assert list(tmp_path.iterdir()) == [], "it looks and changes nothing"
