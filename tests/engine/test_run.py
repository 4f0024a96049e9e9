"""Real programs on the real engine: values flow, policies refuse, errors name the program's line, state comes
and goes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import EngineRunner, write_project

pytestmark = pytest.mark.engine

COMPONENT = """
    import pulumi

    class Box(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("demo:index:Box", name, {}, None)
            self.register_outputs({"size": pulumi.Config().require_int("size")})

    Box("b")
    pulumi.export("size", pulumi.Config().require_int("size"))
    pulumi.export("where", f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}")
"""
BOX = "urn:pulumi:dev::demo::demo:index:Box::b"


def test_a_program_previews_with_its_config(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, COMPONENT)
    result = engine.run_preview(project, "dev", config={"demo:size": 3})
    assert result.exit_code == 0, result.diagnostics
    assert result.operations == {"urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev": "create", BOX: "create"}
    assert result.outputs == {"size": 3, "where": "organization/demo/dev"}


def test_up_leaves_nothing_to_do_and_destroy_leaves_nothing(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, COMPONENT, stacks={"dev": {"demo:size": 3}})
    assert engine.up(project, "dev").exit_code == 0
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert (again.exit_code, again.operations[BOX]) == (0, "same")
    assert engine.destroy(project, "dev").operations[BOX] == "delete"


def test_a_policy_pack_refuses_by_its_level(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", COMPONENT, stacks={"dev": {"demo:size": 3}})
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nname: pack\nversion: 1.2.3\n")
    (pack / "__main__.py").write_text(
        "from pulumi_policy import *\n"
        "def boxes(args, report):\n"
        "    if args.resource_type == 'demo:index:Box': report('no boxes')\n"
        "PolicyPack('pack', [\n"
        "    ResourceValidationPolicy('no-boxes', 'Boxes', boxes, EnforcementLevel.MANDATORY),\n"
        "    StackValidationPolicy('advice', 'Advice', lambda a, r: r('think'), EnforcementLevel.ADVISORY),\n"
        "])\n"
    )
    result = engine.run_preview(project, "dev", pack)
    found = [(one["policyName"], one["enforcementLevel"], one["resourceUrn"]) for one in result.violations]
    assert result.exit_code != 0
    assert found == [
        ("no-boxes", "mandatory", BOX),
        ("advice", "advisory", "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"),
    ]


def test_a_failing_program_says_where(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, "import helper\n")
    (project / "helper.py").write_text("def f():\n    return 1 / 0\nf()\n")
    result = engine.run_preview(project, "dev")
    assert result.exit_code != 0
    assert f'File "{project / "helper.py"}", line 2, in f' in result.diagnostics
    assert "ZeroDivisionError" in result.diagnostics
    assert "runpy" not in result.diagnostics, "the frames above the program's are no help to its author"


def test_a_run_error_is_its_message_only(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, "import pulumi\nraise pulumi.RunError('three sites are too few')\n")
    result = engine.run_preview(project, "dev")
    assert result.exit_code != 0
    assert "three sites are too few" in result.diagnostics
    assert "Traceback" not in result.diagnostics
