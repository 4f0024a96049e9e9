"""A real Kubernetes control plane on this machine: etcd, API server, controllers, scheduler, Kueue, and KWOK's nodes.

Owns: getting the programs, starting and stopping them, and talking to the API server. Refuses to own: what is put on
it. Everything listens on loopback, on ports that were free, and dies with the process that started it.
"""

from __future__ import annotations

from ringfence.controlplane.client import Answer, Client, Refused
from ringfence.controlplane.plane import ControlPlane, start

__all__ = ["Answer", "Client", "ControlPlane", "Refused", "start"]
