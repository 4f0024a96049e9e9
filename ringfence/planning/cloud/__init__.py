"""What a cloud will be asked for, as plain rows: zones, subnets, node groups, endpoints, names and kubeconfigs.

Owns: everything about a cloud cluster that can be known before a cloud is asked. Refuses to own: creating any of it
(components/cloud), and what is allowed (ringfence.spec.residency, policy).
"""


class Unplannable(ValueError):
    """A cluster or dataset that this cloud cannot be asked for: says what, why, and what would be possible."""
