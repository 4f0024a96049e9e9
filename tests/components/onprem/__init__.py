"""Data centres: what is planned, what is created, and the traps of the documents on the way."""
