"""Mutation testing of the residency rules: known leaks planted one at a time into stacks that have none.

Owns deriving mutants from the rules' own tables and from data/leaks.yaml, driving them through the real analyzer, and
the score. Refuses to own any rule: it only says what the rules miss.
"""
