"""The registry of a GKE cluster: one repository in the cluster's region, with its key.

Owns: the repository and who may read it. Refuses to own: filling it; a cluster without a way to the internet runs what
was mirrored here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class GcpRegistryArgs:
    """What a registry needs to know."""

    site: CloudSite
    tags: Tags
    key_id: pulumi.Input[str]
    reader: pulumi.Input[str]
    """IAM member of the nodes."""


class GcpRegistry(pulumi.ComponentResource):
    """A repository for images, charts and weights, whose tags cannot be moved."""

    url: pulumi.Output[str]
    """Host and path under which all of them are."""

    def __init__(self, name: str, args: GcpRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpRegistry", name, {}, opts)
        child, project = pulumi.ResourceOptions(parent=self), args.site.account
        repository = gcp.artifactregistry.Repository(
            name,
            project=project,
            location=args.site.region,
            repository_id=physical(args.tags.platform, name, 63),
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            docker_config={"immutable_tags": True},
            kms_key_name=args.key_id,
            vulnerability_scanning_config={"enablement_config": "INHERITED"},
            labels=args.tags.gcp(),
            opts=child,
        )
        gcp.artifactregistry.RepositoryIamMember(
            f"{name}-nodes",
            project=project,
            location=args.site.region,
            repository=repository.name,
            role="roles/artifactregistry.reader",
            member=args.reader,
            opts=child,
        )
        self.url = pulumi.Output.concat(f"{args.site.region}-docker.pkg.dev/{project}/", repository.repository_id)
        self.register_outputs({"url": self.url})
