"""Bytes that a person can read aloud: groups of four letters or digits, each with a fifth that checks it.

The alphabet is Crockford's base32 (crockford.com/base32.html): no I, L, O or U, and what is heard or typed for them
(1, 1, 0) is understood. The fifth sign of a group depends on the four and on the group's place, so that a sign that
was misheard, two that changed places or a group that was skipped is found, and named, before anything else is tried.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {sign: value for value, sign in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_IN_A_GROUP = 4
_PRIME = 31


class Misheard(ValueError):
    """A group that does not check. `group` counts from 1."""

    def __init__(self, group: int, message: str) -> None:
        super().__init__(message)
        self.group = group


def groups(data: bytes) -> list[str]:
    """`data` in groups of five signs; the last may be shorter."""
    bits = len(data) * 8
    signs = -(-bits // 5)
    number = int.from_bytes(data) << (signs * 5 - bits)
    values = [number >> 5 * (signs - 1 - place) & 31 for place in range(signs)]
    cut = [values[at : at + _IN_A_GROUP] for at in range(0, signs, _IN_A_GROUP)]
    return ["".join(ALPHABET[each] for each in (*group, _check(group, place))) for place, group in enumerate(cut)]


def heard(text: str) -> bytes:
    """The bytes of groups that were read aloud or typed, in any case, with any spaces, dashes and line ends.

    Raises:
        Misheard: a sign is not of the alphabet, or a group does not check.
    """
    signs = [sign for sign in text.upper() if not sign.isspace() and sign != "-"]
    values: list[int] = []
    size = _IN_A_GROUP + 1
    for place, at in enumerate(range(0, len(signs), size)):
        spelled = "".join(signs[at : at + size])
        try:
            group = [_VALUES[sign] for sign in spelled]
        except KeyError as error:
            raise Misheard(place + 1, f"group {place + 1}, {spelled}: there is no {error.args[0]}") from None
        if len(group) < 2 or _check(group[:-1], place) != group[-1]:
            raise Misheard(place + 1, f"group {place + 1}, {spelled}, was misheard: have it read again")
        values += group[:-1]
    number = 0
    for value in values:
        number = number << 5 | value
    spare = len(values) * 5 % 8
    if number & ((1 << spare) - 1):
        raise Misheard(len(signs) // size + 1, "the last group was misheard: have it read again")
    return (number >> spare).to_bytes(len(values) * 5 // 8)


def _check(group: list[int], place: int) -> int:
    return (sum((at + 2) * value for at, value in enumerate(group)) + place * 7 + len(group)) % _PRIME
