"""Who may reach a managed control plane, in every cloud.

Owns: private or public, and to whom. Refuses to own: whether a public one is allowed at all, which the policies say.
"""

from __future__ import annotations

from ringfence.planning.cloud import Unplannable
from ringfence.spec.cluster import ControlPlane, ManagedControlPlane


def public_cidrs(control_plane: ControlPlane) -> tuple[str, ...] | None:
    """Who may reach a public API; None where it is private. Raises Unplannable for one that is open to everybody."""
    if not isinstance(control_plane, ManagedControlPlane):
        raise Unplannable("controlPlane.kind: a cluster in a cloud has a managed control plane")
    if not control_plane.public_endpoint:
        return None
    if not control_plane.admin_cidrs or {"0.0.0.0/0", "::/0"} & set(control_plane.admin_cidrs):
        raise Unplannable("controlPlane.adminCidrs: a public endpoint needs the networks of those who may reach it")
    return control_plane.admin_cidrs
