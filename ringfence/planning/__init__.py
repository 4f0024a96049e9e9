"""Pure functions from spec and facts to capacity, sizing, money and placement. No I/O, no pulumi."""
