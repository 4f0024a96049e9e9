"""Rivals that stand beside us in a measurement: how to get them, and our cases in their language.

Owns no dependency of Ringfence: each rival is installed into a folder of its own in the cache, by version.
"""
