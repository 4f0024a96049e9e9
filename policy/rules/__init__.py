"""Thin CrossGuard rules: read resources, ask policy.decisions, report."""
