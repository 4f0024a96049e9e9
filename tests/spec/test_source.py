"""Stack files as text: scalars as Pulumi reads them, and the place of every value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.spec.source import StackFileError, read_text


def test_scalars_are_read_as_pulumi_reads_them() -> None:
    text = "a: NO\nb: yes\nc: true\nd: 2026-12-31\ne: 007\nf: 0x10\ng: 1.5\nh: ~\ni: 12:30\nj: '5'\nk: 1_000\nl: on\n"
    assert read_text(text, "f").data == {
        "a": "NO",
        "b": "yes",
        "c": True,
        "d": "2026-12-31",
        "e": 7,
        "f": 16,
        "g": 1.5,
        "h": None,
        "i": "12:30",
        "j": "5",
        "k": "1_000",
        "l": "on",
    }


def test_every_value_has_its_line_and_column() -> None:
    source = read_text("a:\n  b: 1\n  c:\n    - x\n    - {y: 2}\n", "f")
    assert source.locate(("a",)) == (1, 1)
    assert source.locate(("a", "b")) == (2, 3)
    assert source.locate(("a", "c", 0)) == (4, 7)
    assert source.locate(("a", "c", 1, "y")) == (5, 8)
    assert source.locate(("a", "missing", "deeper")) == (1, 1), "the nearest thing around it"


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_read_or_explained(text: str) -> None:
    try:
        source = read_text(text, "f")
    except StackFileError as error:
        assert error.message
        assert (error.line, error.column) >= (1, 1)
    else:
        assert source.locate(()) >= (1, 1)
