"""The types read from the SDKs' text are the types that the SDKs' classes have."""

from __future__ import annotations

import importlib
import inspect

import pytest
from pulumi import _types

from ringfence.engine.providers.schema.model import EnumOf, ListOf, MapOf, ObjectType, OneOf, Scalar, Type
from ringfence.engine.providers.schema.registry import PACKAGES, Registry, snake_case, unversioned

SAMPLES = {
    "random": ("random:",),
    "kubernetes": (
        "kubernetes:core/v1:",
        "kubernetes:apps/v1:",
        "kubernetes:networking.k8s.io/v1:",
        "kubernetes:helm.sh/v3:",
    ),
    "aws": ("aws:eks/", "aws:kms/", "aws:ecr/"),
    "azure-native": ("azure-native:managedidentity:", "azure-native:containerregistry:"),
    "gcp": ("gcp:kms/", "gcp:artifactregistry/"),
}


def _objects(shape: Type, seen: dict[int, ObjectType]) -> None:
    if isinstance(shape, ListOf | MapOf):
        _objects(shape.item, seen)
    elif isinstance(shape, OneOf):
        for option in shape.options:
            _objects(option, seen)
    elif isinstance(shape, ObjectType) and id(shape) not in seen:
        seen[id(shape)] = shape
        for known in shape.properties.values():
            _objects(known.type, seen)


@pytest.mark.parametrize("package", SAMPLES)
def test_names_and_required_properties_are_those_of_the_classes(package: str) -> None:
    registry = Registry(PACKAGES[package])
    compared = 0
    for token, (folder, name) in registry.tokens.items():
        if not token.startswith(SAMPLES[package]):
            continue
        found = registry.resource(token)
        assert found is not None, token
        module = importlib.import_module(".".join(folder.relative_to(registry.root.parent).parts))
        home = importlib.import_module(getattr(module, name).__module__)
        arguments = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args", None)
        if arguments is None or not _types.is_input_type(arguments):
            continue
        _same(token, found.inputs, arguments)
        outputs = {known.python_name: wire for wire, known in found.outputs.properties.items()}
        assert outputs == _types.resource_py_to_pulumi_names(getattr(module, name)) or set(outputs) <= set(
            dir(getattr(module, name))
        )
        compared += 1
    for (path, name), shape in list(registry._types._objects.items()):
        if isinstance(shape, ObjectType) and path.name == "_inputs.py":
            module = importlib.import_module(".".join(path.with_suffix("").relative_to(registry.root.parent).parts))
            _same(f"{path}:{name}", shape, getattr(module, name))
            compared += 1
    assert compared >= 10


def _same(where: str, shape: ObjectType, arguments: type) -> None:
    wire_names = {known.python_name: wire for wire, known in shape.properties.items()}
    assert wire_names == _types.input_type_py_to_pulumi_names(arguments), where
    signature = inspect.signature(arguments.__init__)
    required = {
        name
        for name, parameter in signature.parameters.items()
        if name != "__self__" and parameter.default is inspect.Parameter.empty
    }
    assert {known.python_name for known in shape.properties.values() if known.required} == required, where


@pytest.mark.parametrize("package", SAMPLES)
def test_every_token_is_found(package: str) -> None:
    registry = Registry(PACKAGES[package])
    missing = [token for token in list(registry.tokens)[::25] if registry.resource(token) is None]
    assert not missing


def test_secret_outputs_are_those_the_sdk_names() -> None:
    found = Registry(PACKAGES["random"]).resource("random:index/randomPassword:RandomPassword")
    assert found is not None
    assert found.secrets == {"result", "bcryptHash"}


def test_closed_and_open_enums() -> None:
    found = Registry(PACKAGES["azure-native"]).resource("azure-native:storage:StorageAccount")
    assert found is not None
    tier = found.inputs.properties["accessTier"].type
    assert isinstance(tier, EnumOf)
    assert {"Hot", "Cool"} <= set(tier.values)
    kind = found.inputs.properties["kind"].type
    assert isinstance(kind, OneOf)
    assert Scalar("string") in kind.options


def test_a_function_has_its_arguments_and_its_result() -> None:
    found = Registry(PACKAGES["aws"]).function("aws:eks/getCluster:getCluster")
    assert found is not None
    assert found.arguments["name"].required
    assert not found.arguments["region"].required
    assert isinstance(found.result.properties["vpcConfig"].type, ObjectType)
    assert Registry(PACKAGES["aws"]).function("aws:eks/getClutser:getClutser") is None


def test_spellings_of_the_generator() -> None:
    assert snake_case("getEKSCluster") == "get_eks_cluster"
    assert snake_case("getAmiIds") == "get_ami_ids"
    assert unversioned("azure-native:compute/v20240301:Disk") == "azure-native:compute:Disk"
