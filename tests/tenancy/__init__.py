"""Tenancy: capacity, queues, namespaces, access, networks, admission."""
