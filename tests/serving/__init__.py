"""Serving: memory of a replica, replicas for a demand, routes, the manifests of models and gateways."""
