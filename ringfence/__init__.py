"""Ringfence: the command and the pure library beneath it. Imports no cloud SDK."""
