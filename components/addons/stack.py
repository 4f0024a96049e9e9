"""The add-ons of one cluster: their namespaces, their releases in order, and the objects their charts do not make.

Owns: `AddOns`, the only component that installs add-ons. Refuses to own: what an add-on's values are (one file each,
beside this one) and how a release is made (install.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.addons.catalogue import add_on_objects
from components.addons.install import FLUX_NAMESPACE, Target, install
from components.manifest import apply_manifest, labelled, resource_name
from ringfence.planning.addons import AddOnPlan, ResolvedAddOn

EXISTING_NAMESPACES = frozenset({"kube-system", "default"})
"""Made by Kubernetes itself, and not ours to label."""


@dataclass(frozen=True, kw_only=True)
class AddOnsArgs:
    """What a cluster's add-ons are made of."""

    plan: AddOnPlan
    target: Target
    runtime_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Add-on to the values that only a cloud computes, such as an identity's client id."""


class AddOns(pulumi.ComponentResource):
    """Everything that a cluster gets besides Kubernetes itself."""

    installed: pulumi.Output[dict[str, str]]
    """Add-on to version, "" for one that has no chart."""
    namespaces: pulumi.Output[list[str]]
    """Namespaces that hold add-ons, sorted."""

    def __init__(self, name: str, args: AddOnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AddOns", name, {}, opts)
        self._name, self._args = name, args
        delivered = [a for a in args.plan.add_ons if not (a.row.bootstrap and args.target.delivery == "pull")]
        namespaces = self._create_namespaces(delivered)
        ready: dict[str, list[pulumi.Resource]] = {}
        for add_on in delivered:
            first = [*args.target.depends_on, *namespaces.values()]
            first += [resource for needed in add_on.after for resource in ready.get(needed, [])]
            ready[add_on.name] = self._install(add_on, first)
        self._ready = ready
        self.installed = pulumi.Output.from_input({a.name: a.row.version or "" for a in delivered})
        self.namespaces = pulumi.Output.from_input(sorted(namespaces))
        self.register_outputs({"installed": self.installed, "namespaces": self.namespaces})

    def resources(self, name: str) -> list[pulumi.Resource]:
        """What to depend on to come after an add-on; [] when the cluster does not have it."""
        return self._ready.get(name, [])

    def _create_namespaces(self, add_ons: list[ResolvedAddOn]) -> dict[str, pulumi.Resource]:
        """Each namespace once, with the weakest Pod Security Standard that one of its add-ons needs."""
        levels = namespace_levels(add_ons)
        if self._args.target.delivery == "pull":
            # Flux made its own namespace before it could read this one.
            levels.pop(FLUX_NAMESPACE, None)
        return {
            namespace: kubernetes.core.v1.Namespace(
                f"{self._name}-{namespace}",
                metadata={"name": namespace, "labels": {**self._args.target.labels, **pod_security_labels(level)}},
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.target.depends_on)),
            )
            for namespace, level in levels.items()
        }

    def _install(self, add_on: ResolvedAddOn, first: list[pulumi.Resource]) -> list[pulumi.Resource]:
        args = self._args
        objects = add_on_objects(add_on.name, args.plan.context)
        name = f"{self._name}-{add_on.name}"
        done = [self._object(name, manifest, first) for manifest in objects.before]
        release = install(
            name,
            add_on,
            args.target,
            runtime_values=args.runtime_values.get(add_on.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*first, *done]),
        )
        done += release
        done += [self._object(name, manifest, [*first, *done]) for manifest in objects.after]
        return done or first

    def _object(self, prefix: str, manifest: Mapping[str, Any], first: list[pulumi.Resource]) -> pulumi.Resource:
        return apply_manifest(
            resource_name(prefix, manifest),
            labelled(manifest, self._args.target.labels),
            pulumi.ResourceOptions(parent=self, depends_on=first),
        )


def namespace_levels(add_ons: list[ResolvedAddOn]) -> dict[str, str]:
    """Namespace to the weakest Pod Security Standard that one of its add-ons needs, sorted by name."""
    weakest_first = ("privileged", "baseline", "restricted")
    levels: dict[str, str] = {}
    for add_on in add_ons:
        namespace, level = add_on.row.namespace, add_on.row.pod_security
        if namespace not in EXISTING_NAMESPACES:
            levels[namespace] = min(levels.get(namespace, level), level, key=weakest_first.index)
    return dict(sorted(levels.items()))


def pod_security_labels(level: str) -> dict[str, str]:
    """Labels that make Pod Security admission enforce a level, and write to the audit log what the next would refuse.

    Nothing warns of more than is enforced: what the platform itself puts there would warn at each delivery, and a
    warning that always comes is read by nobody.
    """
    return {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/audit": "baseline" if level == "privileged" else "restricted",
    }
