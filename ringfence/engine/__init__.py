"""The embedded engine: find or build the Pulumi CLI, an isolated home, plan-only providers, a language host."""
