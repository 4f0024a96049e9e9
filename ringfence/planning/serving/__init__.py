"""Serving planned: replicas, routes and the manifests of models and gateways. Pure; it imports no engine."""
