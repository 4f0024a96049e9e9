"""Management clusters, hosted control planes and bare-metal workers in data centres."""
