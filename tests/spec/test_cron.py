"""Schedules: what cron takes is taken, and each wrong field is named."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ringfence.spec.cron import Cron

SCHEDULE = TypeAdapter(Cron)


@pytest.mark.parametrize(
    "text",
    ["0 2 * * *", "*/15 * * * *", "0 0-6/2 1,15 jan-mar MON-fri", "59 23 31 12 7", "5,10-20/5 * * * sun", "0 3 * * 0"],
)
def test_a_schedule_is_taken_as_it_is(text: str) -> None:
    assert SCHEDULE.validate_python(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 fields"), ("0 2 * * * *", "6 fields"), ("@daily", "1 fields"), ("60 2 * * *", "'60' is no minute"),
        ("0 24 * * *", "'24' is no hour"), ("0 2 0 * *", "'0' is no day of the month"), ("0 2 * 13 *", "no month"),
        ("0 2 * * 8", "'8' is no day of the week"), ("*/0 2 * * *", "no minute"), ("0,,1 2 * * *", "no minute"),
        ("0 2 * * funday", "'funday' is no day"), ("0 2 jan * *", "'jan' is no day of"), ("-1 2 * * *", "'-1'"),
        ("² 2 * * *", "no minute"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SCHEDULE.validate_python(text)
    assert said in str(raised.value)
