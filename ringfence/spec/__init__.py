"""The typed platform: pydantic models, one concept a file, and the loader that knows lines and columns."""
