"""Where the public charts are, and the mark of tests that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CHARTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "charts"


def with_charts(test: Any) -> Any:
    """Marks a test that needs the charts of ../shared; skipped where they are absent."""
    return pytest.mark.shared(pytest.mark.skipif(not CHARTS.is_dir(), reason="needs ../shared/data/charts")(test))
