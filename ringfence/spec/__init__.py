"""The typed platform: pydantic models, one concept a file, and the loader that knows lines and columns."""

from ringfence.spec.platform import Platform

__all__ = ["Platform"]
