"""Side-by-side measurements against named rivals, each a ratio from one run. Never part of the tests."""
