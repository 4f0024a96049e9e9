"""Fixtures and helpers that several rooms' tests share."""
