"""Cron schedules as each cloud spells them.

Owns: the translation. Refuses to own: cron itself; the spec has already seen five fields.
"""

from __future__ import annotations

from ringfence.planning.cloud import Unplannable

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


def daily(schedule: str) -> tuple[int, int]:
    """Hour and minute (UTC) of a schedule that runs once a day; raises Unplannable for any other.

    Storage Transfer Service and Azure's vaulted backups start once a day.
    """
    minute, hour, *rest = schedule.split()
    if rest != ["*", "*", "*"] or not (minute.isdigit() and hour.isdigit()):
        raise Unplannable(f"schedule {schedule!r}: this cloud backs up once a day, such as '0 2 * * *'")
    return int(hour), int(minute)
