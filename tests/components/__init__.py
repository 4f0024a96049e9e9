"""Tests of components, one folder for each of theirs."""
