"""Cron schedules as each cloud spells them.

Owns: the translation. Refuses to own: cron itself; the spec has already seen five fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ringfence.planning.cloud import Unplannable

_A_SUNDAY = datetime(2026, 1, 4, tzinfo=UTC)
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def aws_cron(schedule: str) -> str:
    """Five-field cron (UTC) as AWS spells it: six fields, days by name, and `?` for the day field that says nothing.

    Raises Unplannable where both the day of the month and of the week are given, which AWS cannot say.
    """
    minute, hour, day, month, weekday = schedule.split()
    if day != "*" and weekday != "*":
        raise Unplannable(f"schedule {schedule!r}: AWS takes a day of the month or a day of the week, not both")
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {_named(weekday)} *)"


def _named(weekday: str) -> str:
    """Digits as names: cron counts from Sunday as 0 (or 7), AWS from Sunday as 1."""
    return "".join(_DAYS[int(part) % 7] if part.isdigit() else part for part in _split(weekday))


def _split(field: str) -> list[str]:
    """The field in runs of digits and of everything else; steps (`/2`) keep their digits."""
    parts: list[str] = []
    for character in field:
        in_step = bool(parts) and parts[-1].startswith("/")
        if parts and ((in_step and character.isdigit()) or (parts[-1].isdigit() and character.isdigit())):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


@dataclass(frozen=True)
class Repeat:
    """A schedule as "from that moment on, again and again"."""

    start: datetime
    """In UTC, and in the past: the first run is the next one."""
    days: int
    """1 or 7."""


def repeat(schedule: str) -> Repeat:
    """A daily or weekly schedule; raises Unplannable for any other.

    Storage Transfer Service and Azure Backup start at one time of day, every day or on one day of the week.
    """
    minute, hour, day, month, weekday = schedule.split()
    if (
        (day, month) != ("*", "*")
        or not (minute.isdigit() and hour.isdigit())
        or not re.fullmatch(r"\*|[0-7]", weekday)
    ):
        raise Unplannable(
            f"schedule {schedule!r}: this cloud backs up once a day or once a week, such as '0 2 * * *' or '0 3 * * 0'"
        )
    weekly = weekday != "*"
    start = _A_SUNDAY + timedelta(days=int(weekday) % 7 if weekly else 0, hours=int(hour), minutes=int(minute))
    return Repeat(start, 7 if weekly else 1)
