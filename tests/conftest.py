"""Fixtures that every test can ask for by name; `tests/support` says what each one is."""

from tests.support.engine import engine

__all__ = ["engine"]
