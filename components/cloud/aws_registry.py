"""The registry of an EKS cluster: private repositories in the cluster's region, with its key.

Owns: repositories, scanning and what is kept. Refuses to own: filling them; a cluster without a way out runs only
what was mirrored here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._aws import aws
from ringfence.planning.labels import Tags

REPOSITORIES = ("charts", "images", "models")
"""What installs the cluster, what its pods run, and the weights they serve."""

UNTAGGED_DAYS = 14
"""Days that layers which no tag names are kept."""


@dataclass(frozen=True, kw_only=True)
class AwsRegistryArgs:
    """What a registry needs to know."""

    path: str
    """What the repositories' names begin with."""
    key_arn: pulumi.Input[str]
    tags: Tags


class AwsRegistry(pulumi.ComponentResource):
    """Repositories whose tags cannot be moved and whose images are scanned when they are pushed."""

    url: pulumi.Output[str]
    """Host and path under which the repositories are."""

    def __init__(self, name: str, args: AwsRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsRegistry", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        made = {
            repository: aws.ecr.Repository(
                f"{name}-{repository}",
                name=f"{args.path}/{repository}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True},
                encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
                tags=args.tags.aws(),
                opts=child,
            )
            for repository in REPOSITORIES
        }
        for repository, resource in made.items():
            aws.ecr.LifecyclePolicy(
                f"{name}-{repository}", repository=resource.name, policy=_expire_untagged(), opts=child
            )
        self.url = made[REPOSITORIES[0]].repository_url.apply(_parent)
        self.register_outputs({"url": self.url})


def _expire_untagged() -> pulumi.Output[str]:
    selection = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return pulumi.Output.json_dumps({"rules": [rule]})


def _parent(url: str) -> str:
    return url.rpartition("/")[0]
