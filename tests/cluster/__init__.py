"""Tests on a real Kubernetes control plane (tests/support/controlplane.py)."""
