"""Deterministic values for what only a cloud would know: rows of a table first, then by the SDK's type and the
property's name.
"""
