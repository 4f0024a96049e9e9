"""Cited, dated tables (regions, jurisdictions, accelerators, prices). Owns no decision."""
