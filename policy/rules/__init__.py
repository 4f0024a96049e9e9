"""Thin CrossGuard rules: read resources, ask policy.decisions, report. A new rule is a new file here and a page in
docs/rules."""

from __future__ import annotations

from policy.rule import Rule
from policy.rules import (
    budget,
    control_plane,
    copies,
    encryption,
    exposure,
    images,
    location,
    opaque,
    placement,
    secrets,
    tenancy,
    unreviewed,
    waivers,
)

ALL: tuple[Rule, ...] = (
    *location.RULES,
    *copies.RULES,
    *exposure.RULES,
    *encryption.RULES,
    *opaque.RULES,
    *unreviewed.RULES,
    *control_plane.RULES,
    *images.RULES,
    *secrets.RULES,
    *tenancy.RULES,
    *placement.RULES,
    *budget.RULES,
    # Last: what a waiver covered is known then.
    *waivers.RULES,
)
"""Every rule, in the order in which they are reported."""
