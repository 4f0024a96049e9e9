"""Cross-checks that the type system cannot make, reported all at once."""
