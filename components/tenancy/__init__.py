"""Tenants: namespaces, quotas, RBAC, network policy and Kueue queues."""
