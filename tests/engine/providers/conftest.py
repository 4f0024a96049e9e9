"""A provider instance for each package, without a process or a port: requests go in, responses come out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.provider import Provider, make_provider
from ringfence.engine.providers.wire import to_plain, to_struct

SEED = b"0" * 32


@cache
def _provider(package: str) -> Provider:
    return make_provider(package)


class Bench:
    """One provider with its configuration, and the calls the engine makes in the shape tests want."""

    def __init__(self, package: str, configuration: dict[str, Any]) -> None:
        self.provider = _provider(package)
        self.provider.family.configure(configuration)
        self.provider._renamed.clear()

    @staticmethod
    def urn(token: str, name: str) -> str:
        """The URN of a top-level resource."""
        return f"urn:pulumi:dev::demo::{token}::{name}"

    def check(
        self, token: str, inputs: dict[str, Any], name: str = "r", old: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """Checked inputs and the refusals."""
        request = provider_pb2.CheckRequest(
            urn=self.urn(token, name),
            name=name,
            type=token,
            news=to_struct(inputs),
            olds=to_struct(old or {}),
            randomSeed=SEED,
        )
        response = self.provider.check(request)
        return to_plain(response.inputs), [failure.reason for failure in response.failures]

    def create(
        self, token: str, inputs: dict[str, Any], name: str = "r", *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """The id and the outputs of a resource that is checked first."""
        checked, failures = self.check(token, inputs, name)
        assert not failures
        request = provider_pb2.CreateRequest(
            urn=self.urn(token, name), name=name, type=token, properties=to_struct(checked), preview=preview
        )
        response = self.provider.create(request)
        return response.id, to_plain(response.properties)

    def diff(self, token: str, old: dict[str, Any], new: dict[str, Any], name: str = "r") -> Any:
        """The engine's diff of two sets of checked inputs."""
        request = provider_pb2.DiffRequest(
            urn=self.urn(token, name), name=name, type=token, id="x", old_inputs=to_struct(old), news=to_struct(new)
        )
        return self.provider.diff(request)

    def invoke(self, token: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of a function."""
        request = provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments or {}))
        response = self.provider.invoke(request)
        assert not response.failures, [failure.reason for failure in response.failures]
        return to_plain(getattr(response, "return"))


@pytest.fixture
def aws() -> Iterator[Bench]:
    """The aws package in Frankfurt."""
    yield Bench("aws", {"region": "eu-central-1"})


@pytest.fixture
def azure() -> Iterator[Bench]:
    """The azure-native package of one subscription."""
    yield Bench(
        "azure-native", {"subscriptionId": "11111111-1111-1111-1111-111111111111", "location": "germanywestcentral"}
    )


@pytest.fixture
def gcp() -> Iterator[Bench]:
    """The gcp package of one project."""
    yield Bench("gcp", {"project": "acme", "region": "europe-west4"})


@pytest.fixture
def kubernetes() -> Iterator[Bench]:
    """The kubernetes package."""
    yield Bench("kubernetes", {})


@pytest.fixture
def random() -> Iterator[Bench]:
    """The random package."""
    yield Bench("random", {})
