"""Every test here needs the control plane, and all of them run in one process: they share it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.controlplane import places, prod, rendered, serve_fra, whole_serve_fra

__all__ = ["places", "prod", "rendered", "serve_fra", "whole_serve_fra"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.xdist_group("cluster"))
