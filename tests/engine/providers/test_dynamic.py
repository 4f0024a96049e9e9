"""Resources whose provider is a class of the program: recorded, compared and never run."""

from __future__ import annotations

from typing import Any

from ringfence.engine.providers.dynamic import Dynamic
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.wire import to_plain, to_struct

URN = "urn:pulumi:dev::demo::pulumi-python:dynamic:Resource::row"
INPUTS: dict[str, Any] = {"__provider": "a pickled class that must not be opened", "name": "a"}


def test_a_dynamic_resource_lives_without_its_class() -> None:
    provider = Dynamic("1.0.0")
    assert not provider.check(provider_pb2.CheckRequest(urn=URN, news=to_struct(INPUTS))).failures
    planned = provider.create(provider_pb2.CreateRequest(urn=URN, properties=to_struct(INPUTS), preview=True))
    made = provider.create(provider_pb2.CreateRequest(urn=URN, properties=to_struct(INPUTS)))
    assert (planned.id, bool(made.id), to_plain(made.properties)) == ("", True, INPUTS)


def test_only_a_change_of_its_inputs_changes_it() -> None:
    provider = Dynamic("1.0.0")
    none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
    for name, expected in (("a", none), ("b", some)):
        news = to_struct({**INPUTS, "name": name})
        said = provider.diff(provider_pb2.DiffRequest(urn=URN, old_inputs=to_struct(INPUTS), news=news))
        assert said.changes == expected
