"""Add-ons: one file and one row each, one way to install one."""
