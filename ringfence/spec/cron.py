"""Cron schedules: five fields in UTC.

Owns: which fields and values there are (POSIX crontab; names of months and days as cron(8) has them). Refuses to own:
how a provider spells them (ringfence.planning.cloud.schedule).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of the week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?")


def _value(text: str, name: str, first: int) -> int | None:
    names = _NAMES.get(name, ())
    if text.lower() in names:
        return names.index(text.lower()) + first
    return int(text) if text.isascii() and text.isdigit() else None


def _right(field: str, name: str, least: int, most: int) -> bool:
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if found is None or found[3] == "0":
            return False
        values = [_value(text, name, least) for text in (found[1], found[2]) if text is not None]
        if any(value is None or not least <= value <= most for value in values):
            return False
    return True


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields, and a schedule five, in UTC, such as 0 2 * * *")
    for field, (name, least, most) in zip(fields, _FIELDS, strict=True):
        if not _right(field, name, least, most):
            raise ValueError(f"{field!r} is no {name} of a schedule: {least} to {most}, or *, a range, a list, a step")
    return text


Cron = Annotated[str, AfterValidator(_cron)]
"""Five cron fields, in UTC, such as 0 2 * * *."""
