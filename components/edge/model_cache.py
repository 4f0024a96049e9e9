"""The models that an edge site keeps on its own disks.

Owns: ModelCache. Refuses to own: what its objects say (ringfence.planning.onprem.edge_models), the site around it
(site.py) and the tenants' namespaces, which it comes after. The Kubernetes provider is the site's own, from `opts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.edge.site import EdgeSiteArgs
from components.manifest import apply_manifests
from ringfence.planning.onprem.edge_models import CachedModel, model_manifests, model_uri


@dataclass(frozen=True, kw_only=True)
class ModelCacheArgs:
    """What a site's model cache is made from."""

    site: EdgeSiteArgs
    models: tuple[CachedModel, ...]


class ModelCache(pulumi.ComponentResource):
    """Claims that tenants' servers read weights from, and the daemons that fill them.

    Raises ringfence.planning.onprem.objects.PlanError for models that do not fit or cannot come through the registry.
    """

    uris: pulumi.Output[dict[str, str]]
    """Model to what its servers read the weights from, such as pvc://model-cache/scan-reader."""

    def __init__(self, name: str, args: ModelCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:ModelCache", name, {}, opts)
        manifests = model_manifests(args.site.plan(), args.models)
        self._made = apply_manifests(name, manifests, pulumi.ResourceOptions(parent=self))
        self.uris = pulumi.Output.from_input({model.name: model_uri(model) for model in args.models})
        self.register_outputs({"uris": self.uris})
