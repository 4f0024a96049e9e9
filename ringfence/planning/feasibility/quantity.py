"""Kubernetes quantities as exact numbers, with the scale that they were written in.

Owns: reading them (kubernetes.io, "Quantity": milli, decimal and binary suffixes, exponents). Refuses to own: writing
them (ringfence.planning.tenancy.names).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_LARGE = ("k", "M", "G", "T", "P", "E", *_BINARY)


@dataclass(frozen=True)
class Quantity:
    """An amount, and how it was written."""

    amount: Fraction
    written: str

    @property
    def scaled(self) -> bool:
        """Whether it was written in thousands or more of a unit, such as 20Gi: bytes, not things one can count."""
        return self.written.endswith(_LARGE)


def quantity(written: object) -> Quantity | None:
    """The quantity that is written, or None where it is none."""
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return None
    found = _FORM.fullmatch(str(written).strip())
    if found is None:
        return None
    number, exponent, suffix = Fraction(found[1]), found[2], found[3] or ""
    if exponent:
        scale = Fraction(10) ** int(exponent[1:])
    else:
        scale = Fraction(1024) ** _BINARY[suffix] if suffix in _BINARY else Fraction(10) ** _DECIMAL[suffix]
    return Quantity(number * scale, str(written).strip())


def spelled(amount: Fraction, like: str = "") -> str:
    """An amount for a message, in the binary suffix of `like` where it has one."""
    suffix = next((each for each in _BINARY if like.endswith(each)), "")
    shown = amount / Fraction(1024) ** _BINARY[suffix] if suffix else amount
    return f"{int(shown)}{suffix}" if shown.denominator == 1 else f"{float(shown):g}{suffix}"
