"""Quantities are read as Kubernetes reads them, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.feasibility.quantity import quantity, spelled
from ringfence.planning.tenancy.names import mebibytes, millicores


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("16", 16), (16, 16), ("500m", Fraction(1, 2)), ("1k", 1000), ("1Ki", 1024), ("20096Mi", 20096 * 1024**2),
        ("1.5Gi", 1536 * 1024**2), ("2e3", 2000), ("1E", 10**18), ("100n", Fraction(1, 10**7)), (".5", Fraction(1, 2)),
    ],
)  # fmt: skip
def test_forms(written: object, amount: Fraction | int) -> None:
    found = quantity(written)
    assert found is not None
    assert found.amount == amount


@pytest.mark.parametrize("written", ["", "Gi", "1 Gi", "1gb", "1K", "0x10", None, True, [], "1e9999", "--1"])
def test_what_is_none(written: object) -> None:
    assert quantity(written) is None


@given(st.integers(0, 10**12))
def test_what_our_own_planners_write_is_read_back(amount: int) -> None:
    mega, milli = quantity(mebibytes(amount)), quantity(millicores(amount))
    assert mega is not None
    assert milli is not None
    assert mega.amount == amount * 1024**2
    assert milli.amount == Fraction(amount, 1000)


def test_an_amount_is_spelled_like_another() -> None:
    assert spelled(Fraction(3 * 1024**3), like="20Gi") == "3Gi"
    assert spelled(Fraction(8), like="16") == "8"
    assert spelled(Fraction(1, 2)) == "0.5"
