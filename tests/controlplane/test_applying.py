"""Applying many at a time: what others stand on goes first, and the answers come in the order of the question."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ringfence.controlplane.applying import apply_all
from ringfence.controlplane.client import Answer, Refused


class Recorder:
    """Stands where a client does, and remembers in which order it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def kind(self, api_version: str, kind: str) -> None:
        """Everything is served."""

    def apply(self, manifest: dict[str, Any]) -> Answer:
        with self._lock:
            self.asked.append(manifest["metadata"]["name"])
        if manifest["metadata"]["name"] == "refused":
            raise Refused(403, "Forbidden", "no")
        return Answer(200, manifest)


def thing(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


MANY = [
    thing("ConfigMap", "a"),
    thing("Namespace", "first"),
    thing("ConfigMap", "refused"),
    thing("CustomResourceDefinition", "second"),
    *(thing("ConfigMap", f"n{number}") for number in range(20)),
]


@pytest.mark.parametrize("workers", [1, 4])
def test_answers_come_in_the_order_of_the_manifests(workers: int) -> None:
    client: Any = Recorder()
    found = apply_all(client, MANY, workers=workers)
    assert [each.key for each in found] == [f"{each['kind']}/{each['metadata']['name']}" for each in MANY]
    assert [each.key for each in found if each.refusal] == ["ConfigMap/refused"]
    assert sorted(client.asked) == sorted(each["metadata"]["name"] for each in MANY)


def test_with_several_at_a_time_namespaces_and_definitions_go_before_everything_else() -> None:
    client: Any = Recorder()
    apply_all(client, MANY, workers=4)
    assert set(client.asked[:2]) == {"first", "second"}


def test_what_is_as_it_was_is_not_changed_however_many_are_applied_at_a_time() -> None:
    client: Any = Recorder()
    before = apply_all(client, MANY[:2], workers=4)
    assert [each.changed for each in apply_all(client, MANY[:2], before, workers=4)] == [False, False]
