"""Tests of the control plane's runner that need no Kubernetes."""
