"""Fixtures: one analyzer for the session, and the function that every rule's test asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pytest

from tests.policy.harness import CONTRACT, Driver, Given, Said, analyzer


class Ask(Protocol):
    """Holds resources against one rule and gives what it said."""

    def __call__(
        self, rule: str, *given: Given, contract: Mapping[str, Any] | None = ..., config: Any = ...
    ) -> list[Said]: ...


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    """The real analyzer with every rule."""
    with analyzer() as found:
        yield found


@pytest.fixture
def ask(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What one rule says of some resources."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "GOOGLE_REGION", "ARM_LOCATION"):
        monkeypatch.delenv(name, raising=False)

    def asked(
        rule: str, *given: Given, contract: Mapping[str, Any] | None = CONTRACT, config: Mapping[str, str] | None = None
    ) -> list[Said]:
        driver.configure(contract, config)
        return [said for said in driver.analyze(*given) if said.rule == rule]

    return asked
