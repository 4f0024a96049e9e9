"""Model serving and the gateway in front of it."""
