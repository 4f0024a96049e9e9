"""Logs in Azure, kept in their own region.

Owns: the workspace, what is sent to it, and how long it is kept. Refuses to own: a key of our own for it, which Log
Analytics has only in dedicated clusters of 100 GB a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from components.cloud.sdk import planned
from ringfence.planning.cloud.azure import INTERACTIVE_DAYS, log_retention
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AzureLogsArgs:
    """What a workspace needs to know."""

    site: CloudSite
    tags: Tags
    resource_group: pulumi.Input[str]
    retention_days: int
    tables: tuple[str, ...] = ()
    """Tables that are kept so long; the others for as long as the workspace keeps lines ready for queries."""


class AzureLogs(pulumi.ComponentResource):
    """A Log Analytics workspace."""

    workspace_id: pulumi.Output[str]
    """Id of the workspace."""

    def __init__(self, name: str, args: AzureLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureLogs", name, {}, opts)
        ready, total = planned(name, lambda: log_retention(args.retention_days))
        workspace = azure.operationalinsights.Workspace(
            name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": "PerGB2018"},
            retention_in_days=ready,
            features={"disable_local_auth": True, "enable_log_access_using_only_resource_permissions": True},
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for table in args.tables:
            azure.operationalinsights.Table(
                f"{name}-{table}",
                table_name=table,
                workspace_name=workspace.name,
                resource_group_name=args.resource_group,
                plan="Analytics",
                retention_in_days=min(ready, INTERACTIVE_DAYS),
                total_retention_in_days=total,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.workspace_id = workspace.id
        self.register_outputs({"workspaceId": self.workspace_id})

    def receive(self, name: str, resource: pulumi.Input[str], categories: tuple[str, ...]) -> None:
        """Send these categories of a resource's logs to the workspace, each to a table of its own."""
        azure.monitor.DiagnosticSetting(
            name,
            name="ringfence",
            resource_uri=resource,
            workspace_id=self.workspace_id,
            log_analytics_destination_type="Dedicated",
            logs=[{"category": category, "enabled": True} for category in categories],
            opts=pulumi.ResourceOptions(parent=self),
        )
