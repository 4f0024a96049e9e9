"""Every component has one shape: whoever knows one of them knows all of them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from tests.contract import components
from tests.contract.components import Component
from tests.support.engine import REPOSITORY

ALL = components.discover()
MODULES = sorted(components.module_files())
OPTIONS_OF_THE_CALLER = {"components.manifest"}
"""Helpers that are given a component's options for its children, and may add to them."""

every_component = pytest.mark.parametrize("component", ALL, ids=str)
every_module = pytest.mark.parametrize("module", MODULES)


def test_the_source_shows_every_component_that_there_is() -> None:
    for component in ALL:
        component.load()
    loaded = {
        Component(each.__module__, each.__name__)
        for each in _descendants(pulumi.ComponentResource)
        if each.__module__.startswith("components.")
    }
    assert loaded == set(ALL)


def _descendants(root: type) -> Iterator[type]:
    for each in root.__subclasses__():
        yield each
        yield from _descendants(each)


def test_a_component_has_a_name_of_its_own() -> None:
    names = [component.name for component in ALL]
    assert sorted(names) == sorted(set(names))


@every_component
def test_its_type_is_its_name(component: Component) -> None:
    [call] = [call for call in components.calls(component.source) if ast.unparse(call.func) == "super().__init__"]
    assert ast.unparse(call) == f"super().__init__('ringfence:index:{component.name}', name, {{}}, opts)"


@every_component
def test_it_is_made_like_every_other(component: Component) -> None:
    _, made = component.load()
    parameters = inspect.signature(made.__init__).parameters
    assert list(parameters) == ["self", "name", "args", "opts"]
    assert parameters["opts"].default is None
    hints = typing.get_type_hints(made.__init__)
    assert hints["name"] is str
    assert hints["args"].__name__ == f"{component.name}Args"
    assert hints["opts"] == pulumi.ResourceOptions | None
    assert hints["return"] is type(None)


@every_component
def test_its_args_are_frozen_named_and_explained(component: Component) -> None:
    module, _ = component.load()
    args = getattr(module, f"{component.name}Args")
    assert dataclasses.is_dataclass(args)
    assert args.__dataclass_params__.frozen
    assert [each.name for each in dataclasses.fields(args) if not each.kw_only] == []
    written = next(node for node in components.classes(args.__module__) if node.name == args.__name__)
    assert ast.get_docstring(written)


@every_component
def test_it_explains_itself_and_each_output(component: Component) -> None:
    assert ast.get_docstring(component.source)
    silent = [name for name, (_, said) in components.attributes(component.source).items() if not said]
    assert silent == []


@every_component
def test_it_registers_every_output_last(component: Component) -> None:
    source = component.source
    annotated = components.attributes(source)
    assert components.assigned(source) <= set(annotated), "set, but not declared at the top of the class"
    outputs = {components.camel(name) for name, (annotation, _) in annotated.items() if "Output[" in annotation}
    assert components.registered(source) == outputs
    start = next(node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    assert ast.unparse(start.body[-1]).startswith("self.register_outputs(")


@every_module
def test_children_do_not_get_the_component_s_own_options(module: str) -> None:
    """They would inherit its aliases, its protection and what it depends on a second time."""
    merges = [
        call.lineno
        for call in components.calls(components.syntax(module))
        if ast.unparse(call.func).endswith("ResourceOptions.merge")
    ]
    if module in OPTIONS_OF_THE_CALLER:
        assert not [node for node in components.discover() if node.module == module]
    else:
        assert merges == []


@every_module
def test_nothing_is_created_inside_apply(module: str) -> None:
    """The preview would not show it, and no policy would see it."""
    try:
        loaded = __import__(module, fromlist=["_"])
    except pulumi.RunError as error:
        pytest.skip(str(error))
    hidden = {
        line: created
        for line, code in components.given_to_apply(module)
        if (created := components.creates(loaded, code))
    }
    assert hidden == {}


def test_a_resource_inside_apply_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: by a lambda, by a function's name and by a method."""
    file = tmp_path / "hiding.py"
    file.write_text(
        "import pulumi\n"
        "def make(x):\n    return helper(x)\n"
        "def helper(x):\n    return pulumi.CustomResource('a:b:C', x)\n"
        "class Thing:\n"
        "    def method(self, x):\n        return pulumi.ComponentResource('a:b:D', x)\n"
        "    def start(self, o):\n"
        "        o.apply(lambda x: pulumi.CustomResource('a:b:C', x))\n"
        "        o.apply(make)\n"
        "        o.apply(self.method)\n"
        "        o.apply(lambda x: x.upper())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(components, "module_files", lambda: {"hiding": file})
    loaded = __import__("hiding")
    found = {line: components.creates(loaded, code) for line, code in components.given_to_apply("hiding")}
    assert found == {
        10: ["pulumi.CustomResource"],
        11: ["pulumi.CustomResource"],
        12: ["pulumi.ComponentResource"],
        13: [],
    }


@every_module
def test_components_read_no_configuration_and_no_environment(module: str) -> None:
    forbidden = ("pulumi.Config", "pulumi.get_stack", "pulumi.get_project", "os.environ", "os.getenv", "environ")
    read = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(components.syntax(module))
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in forbidden
    ]
    assert read == []


CLOUD_SDKS = {"pulumi_aws", "pulumi_azure_native", "pulumi_gcp"}


def _sdks_after(program: str) -> set[str]:
    """The clouds' SDKs that a new interpreter has loaded at a program's end."""
    code = f"{program}\nimport sys\nprint(*(name for name in {sorted(CLOUD_SDKS)!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_no_cloud_s_sdk_is_needed_outside_its_own_files() -> None:
    modules = [name for name in MODULES if not name.startswith(("components.cloud.", "components.host"))]
    assert len(modules) > 20
    assert _sdks_after("\n".join(f"import {name}" for name in modules)) == set()
