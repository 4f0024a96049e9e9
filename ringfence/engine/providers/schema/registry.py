"""One SDK's resources and functions by token.

Owns finding the module that a token lives in, and the secret outputs that the SDK names. Everything is read on first
use.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path

from ringfence.engine.providers.schema.model import ANYTHING, FunctionType, ObjectType, Property, ResourceType
from ringfence.engine.providers.schema.source import SdkFile, sdk_file
from ringfence.engine.providers.schema.types import TypeReader

_MODULES = re.compile(r'resource_modules="""\n(.*?)\n"""', re.DOTALL)
_PROPS_CLASS = re.compile(r"__props__ = (\w+)\.__new__\(")
_SECRETS = re.compile(r"additional_secret_outputs=\[([^\]]*)\]")
_IMPORT_FORM = re.compile(r"^\s+\* `([^`]*\{\{\w+\}\}[^`]*)`$", re.MULTILINE)
_FUNCTION_ARGUMENT = re.compile(r"__args__\['(\w+)'\] = (\w+)")
_FUNCTION_RESULT = re.compile(r"typ=(\w+)\)")
_PARAMETER = re.compile(r"^\s*(?:def \w+\()?(\w+): (.+?) = None[,)]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """A Pulumi package and the wheel that describes it."""

    name: str
    module: str
    wheel: str

    @property
    def version(self) -> str:
        """The installed wheel's version. Raises PackageNotFoundError where the wheel is missing."""
        return metadata.version(self.wheel)


PACKAGES = {
    package.name: package
    for package in (
        Package("kubernetes", "pulumi_kubernetes", "pulumi-kubernetes"),
        Package("aws", "pulumi_aws", "pulumi-aws"),
        Package("azure-native", "pulumi_azure_native", "pulumi-azure-native"),
        Package("gcp", "pulumi_gcp", "pulumi-gcp"),
        Package("random", "pulumi_random", "pulumi-random"),
    )
}


class Registry:
    """The types of one package. Thread-safe: the first reader of a token parses, the others wait."""

    def __init__(self, package: Package) -> None:
        self.package = package
        spec = util.find_spec(package.module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(
                f"{package.wheel} is not installed; add the extra [{package.name}] and run `make setup`"
            )
        self.root = Path(spec.origin).parent
        self._types = TypeReader(self.root)
        self._lock = threading.RLock()
        self._resources: dict[str, ResourceType | None] = {}
        self._functions: dict[str, FunctionType | None] = {}
        self._provider: ObjectType | None = None

    @property
    def tokens(self) -> dict[str, tuple[Path, str]]:
        """Every resource token: the folder of its Python module and its class."""
        return _tokens(self.root, self.package.module)

    def resource(self, token: str) -> ResourceType | None:
        """The resource of a token, or None when the SDK knows none. Azure's version in a token is not looked at."""
        with self._lock:
            if token not in self._resources:
                self._resources[token] = self._read_resource(token)
            return self._resources[token]

    def function(self, token: str) -> FunctionType | None:
        """The function of a token, or None when the SDK knows none."""
        with self._lock:
            if token not in self._functions:
                self._functions[token] = self._read_function(token)
            return self._functions[token]

    def function_tokens(self, like: str) -> list[str]:
        """The functions of the module that a token names, for a suggestion."""
        _, _, rest = like.partition(":")
        path, _, _ = rest.rpartition(":")
        part = path.split("/")[0]
        folder = self.root if part in ("", "index") else _folder_of(self.root, self.package.module, part)
        found: list[str] = []
        for file in sorted((*folder.glob("get_*.py"), *folder.glob("list_*.py"))):
            found += re.findall(r"runtime\.invoke\('([^']+)'", file.read_text(encoding="utf-8"))
        return found

    def provider(self) -> ObjectType:
        """What the package's provider takes as configuration."""
        with self._lock:
            if self._provider is None:
                module = sdk_file(self.root / "provider.py")
                found = self._types.object(module, "ProviderArgs") if module else None
                self._provider = found if isinstance(found, ObjectType) else ObjectType("Provider")
            return self._provider

    def documentation(self, made: ObjectType) -> dict[str, str]:
        """What the SDK says of each property of an object of this registry, by wire name."""
        with self._lock:
            return self._types.documentation(made)

    def import_form(self, token: str) -> str | None:
        """The first form of id that the SDK documents for importing a resource (`projects/{{project}}/...`)."""
        place = self.tokens.get(token)
        module = _module_of(*place) if place else None
        found = _IMPORT_FORM.search(module.body(place[1])) if module and place else None
        return found.group(1) if found else None

    def _read_resource(self, token: str) -> ResourceType | None:
        place = self.tokens.get(token) or self.tokens.get(unversioned(token))
        if place is None:
            return None
        module = _module_of(*place)
        if module is None:
            return None
        name = place[1]
        body = module.body(name)
        found = _PROPS_CLASS.search(body)
        arguments = found.group(1) if found else f"{name}Args"
        inputs = self._types.object(module, arguments) if arguments in module.classes else None
        outputs = ObjectType(name)
        for getter in module.getters(name):
            shape = self._types.parse(module, getter.annotation)
            outputs.properties[getter.wire_name] = Property(shape, False, getter.python_name)
        return ResourceType(
            token,
            inputs if isinstance(inputs, ObjectType) else ObjectType(name),
            outputs,
            frozenset(re.findall(r'"(\w+)"', " ".join(_SECRETS.findall(body)))),
        )

    def _read_function(self, token: str) -> FunctionType | None:
        place = self._function_module(token)
        if place is None:
            return None
        module, text = place
        result = _FUNCTION_RESULT.search(text)
        shape = self._types.object(module, result.group(1)) if result else None
        annotations = dict(_PARAMETER.findall(text.split('"""', 1)[0]))
        lifted = dict(_PARAMETER.findall(_function_text(module, f"{_function_name(token)}_output").split('"""', 1)[0]))
        arguments = {}
        for wire_name, python_name in _FUNCTION_ARGUMENT.findall(text):
            annotation = annotations.get(python_name)
            kind = self._types.parse(module, annotation) if annotation else ANYTHING
            # Every argument has a default in Python; what may be left out is Optional twice in the form for outputs.
            required = python_name in lifted and "[Optional[Optional[" not in lifted[python_name]
            arguments[wire_name] = Property(kind, required, python_name)
        return FunctionType(token, arguments, shape if isinstance(shape, ObjectType) else ObjectType("Result"))

    def _function_module(self, token: str) -> tuple[SdkFile, str] | None:
        """The module of a function and the text of its plain (not `_output`) form."""
        _, _, rest = token.partition(":")
        path, _, _ = unversioned(rest).rpartition(":")
        folder = self.root
        part = path.split("/")[0]
        if part and part != "index":
            folder = _folder_of(self.root, self.package.module, part)
        name = _function_name(token)
        module = sdk_file(folder / f"{name}.py")
        text = _function_text(module, name) if module else ""
        return (module, text) if module and text else None


def snake_case(name: str) -> str:
    """`getEKSCluster` -> `get_eks_cluster`, as the SDK's generator names modules."""
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", text).lower()


def _function_name(token: str) -> str:
    return snake_case(token.rsplit(":", 1)[-1])


def _function_text(module: SdkFile, name: str) -> str:
    """The source of one function, empty where the module has none of that name."""
    start = module.text.find(f"\ndef {name}(")
    if start < 0:
        return ""
    end = module.text.find("\ndef ", start + 1)
    return module.text[start + 1 : end if end >= 0 else len(module.text)]


def unversioned(token: str) -> str:
    """`azure-native:compute/v20240301:Disk` -> `azure-native:compute:Disk`."""
    return re.sub(r"/v\d{8}(?:preview|privatepreview)?:", ":", token)


@lru_cache(maxsize=8)
def _tokens(root: Path, module: str) -> dict[str, tuple[Path, str]]:
    text = (root / "__init__.py").read_text(encoding="utf-8")
    found = _MODULES.search(text)
    tokens = {}
    for entry in json.loads(found.group(1)) if found else []:
        folder = root.joinpath(*entry["fqn"].split(".")[1:])
        for token, name in entry["classes"].items():
            tokens[token] = (folder, name)
    return tokens


@lru_cache(maxsize=256)
def _folder_of(root: Path, module: str, part: str) -> Path:
    """The folder of a package module (`lambda` -> `lambda_`)."""
    for candidate in (part, f"{part}_", snake_case(part)):
        if (root / candidate).is_dir():
            return root / candidate
    return root


def _module_of(folder: Path, name: str) -> SdkFile | None:
    """The module in a folder that defines a resource class."""
    for candidate in (name, snake_case(name)):
        module = sdk_file(folder / f"{candidate}.py")
        if module and name in module.classes:
            return module
    for path in sorted(folder.glob("*.py")):
        if f"\nclass {name}(pulumi." in path.read_text(encoding="utf-8"):
            return sdk_file(path)
    return None
