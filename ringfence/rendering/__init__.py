"""The Kubernetes manifests that a stack puts on each cluster, read from what the real engine planned.

Owns: from the engine's own JSON to manifests by cluster, in an order in which they can be applied, with a named slot
wherever a value is secret or not known yet. Refuses to own: running anything against a cluster, and packing bundles.
The program is never read: what is rendered is what the engine would create, whatever made it.
"""

from __future__ import annotations

from ringfence.rendering.clusters import Omitted, RenderedCluster, RenderingError, render
from ringfence.rendering.preview import render_stack
from ringfence.rendering.slots import SLOT_PREFIX, Slot, SlotError, fill
from ringfence.rendering.text import to_yaml

__all__ = [
    "SLOT_PREFIX",
    "Omitted",
    "RenderedCluster",
    "RenderingError",
    "Slot",
    "SlotError",
    "fill",
    "render",
    "render_stack",
    "to_yaml",
]
