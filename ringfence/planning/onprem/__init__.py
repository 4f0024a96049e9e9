"""Data centres and edge boxes as plain manifests: what is created there, sized and versioned.

Owns: releases, etcd sizing, addresses, and every Kubernetes object of a management cluster, a hosted control plane, a
bare-metal pool and an edge site. Refuses to own: applying them (components.onprem, components.edge) and charts
(ringfence.planning.addons).
"""
