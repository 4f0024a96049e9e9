"""The logs of a GKE cluster, kept in its own region.

Owns: the log bucket, the sink that fills it, and keeping the same lines out of the project's default bucket, which is
global. Refuses to own: the `_Required` bucket (administrators' activity), whose place only the organisation can set
before the project exists.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from components.cloud.sdk import planned
from ringfence.planning.cloud.gcp import log_retention
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class GcpLogsArgs:
    """What a cluster's logs need to know."""

    site: CloudSite
    cluster_name: str
    key_id: pulumi.Input[str]
    retention_days: int
    locked: bool
    """Nobody can shorten the retention any more, nor delete the bucket."""


class GcpLogs(pulumi.ComponentResource):
    """A log bucket in the region, with a sink and an exclusion."""

    bucket_id: pulumi.Output[str]
    """Id of the log bucket."""

    def __init__(self, name: str, args: GcpLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpLogs", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        site = args.site
        bucket = gcp.logging.ProjectBucketConfig(
            name,
            project=site.account,
            location=site.region,
            bucket_id=f"{args.cluster_name}-logs",
            retention_days=planned(f"clusters.{args.cluster_name}", lambda: log_retention(args.retention_days)),
            locked=args.locked,
            cmek_settings={"kms_key_name": args.key_id},
            opts=child,
        )
        lines = cluster_lines(args.cluster_name, site.region)
        sink = gcp.logging.ProjectSink(
            name,
            name=f"{args.cluster_name}-logs",
            project=site.account,
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=lines,
            unique_writer_identity=True,
            opts=child,
        )
        gcp.logging.ProjectExclusion(
            name,
            name=f"{args.cluster_name}-logs",
            project=site.account,
            description=f"Kept in {site.region} instead of the global default bucket",
            filter=lines,
            # First the one, then the other: no line falls between them.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[sink]),
        )
        self.bucket_id = bucket.id
        self.register_outputs({"bucketId": self.bucket_id})


def cluster_lines(cluster: str, region: str) -> str:
    """The filter for everything that a cluster logs: control plane, nodes, pods and audit."""
    kinds = ("k8s_cluster", "k8s_control_plane_component", "k8s_node", "k8s_pod", "k8s_container", "gke_cluster")
    types = " OR ".join(f'resource.type="{kind}"' for kind in kinds)
    return f'({types}) AND resource.labels.cluster_name="{cluster}" AND resource.labels.location="{region}"'
