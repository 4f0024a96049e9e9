"""Backups of one bucket or file system with AWS Backup.

Owns: the vault, the schedule and the copy to another region where the platform names one. Refuses to own: restoring.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from components.cloud.aws_bucket import new_key
from components.cloud.sdk import planned
from ringfence.planning.cloud.aws import partition
from ringfence.planning.cloud.names import physical
from ringfence.planning.cloud.schedule import aws_cron
from ringfence.planning.labels import Tags
from ringfence.spec.data import Backup
from ringfence.spec.site import CloudSite

STAGED_DAYS = 7
"""Days that a backup bound for another region stays at home as well: a copy that failed can still be made again."""

_MANAGED = ("AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore")
_SERVICE = "service-role/AWSBackupServiceRolePolicyForBackup"


@dataclass(frozen=True, kw_only=True)
class AwsBackupArgs:
    """What a backup needs to know."""

    backup: Backup
    site: CloudSite
    tags: Tags
    resource_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    """Key of what is backed up."""
    copy_site: CloudSite | None = None
    """Where the backup is to rest, where that is not the home site; with its tags and provider."""
    copy_tags: Tags | None = None
    copy_provider: aws.Provider | None = None


class AwsBackup(pulumi.ComponentResource):
    """A plan that backs one resource up into a vault with a key of its own."""

    vault_arn: pulumi.Output[str]
    """Where the backup rests."""

    def __init__(self, name: str, args: AwsBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsBackup", name, {}, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        days = args.backup.retention_days
        copied_to = args.copy_site.account if args.copy_site else args.site.account
        home = self._vault(name, args.site, args.tags, None, other_account=copied_to)
        self.vault_arn = home.arn
        rule: aws.backup.PlanRuleArgsDict = {
            "rule_name": physical(args.tags.platform, name, 50),
            "target_vault_name": home.name,
            "schedule": planned(f"backup {name}", lambda: aws_cron(args.backup.schedule)),
            "lifecycle": {"delete_after": days},
            "recovery_point_tags": args.tags.aws(),
        }
        if args.copy_site and args.copy_tags:
            away_name, account = f"{name}-{args.copy_tags.site}", args.site.account
            away = self._vault(
                away_name, args.copy_site, args.copy_tags, args.copy_provider, other_account=args.copy_site.account
            )
            if account != args.copy_site.account:
                aws.backup.VaultPolicy(
                    away_name,
                    backup_vault_name=away.name,
                    policy=policies.copies_from(partition(args.site.region), account),
                    opts=pulumi.ResourceOptions(parent=self, provider=args.copy_provider),
                )
            self.vault_arn = away.arn
            rule["lifecycle"] = {"delete_after": min(days, STAGED_DAYS)}
            rule["copy_actions"] = [{"destination_vault_arn": away.arn, "lifecycle": {"delete_after": days}}]
        plan = aws.backup.Plan(
            name, name=physical(args.tags.platform, name, 50), rules=[rule], tags=args.tags.aws(), opts=child
        )
        aws.backup.Selection(
            name,
            name=physical(args.tags.platform, name, 50),
            plan_id=plan.id,
            iam_role_arn=self._role().arn,
            resources=[args.resource_arn],
            opts=child,
        )
        self.register_outputs({"vaultArn": self.vault_arn})

    def _vault(
        self, name: str, site: CloudSite, tags: Tags, provider: aws.Provider | None, *, other_account: str
    ) -> aws.backup.Vault:
        """A vault with its key; the account that copies out of it must be able to read what the key encrypts."""
        opts = pulumi.ResourceOptions(parent=self, provider=provider)
        statements = [policies.account_owns_key(partition(site.region), site.account)]
        if other_account != site.account:
            root = f"arn:{partition(site.region)}:iam::{other_account}:root"
            statements.append(policies.lent_key(root, "Decrypt", "DescribeKey", "GenerateDataKey*", "CreateGrant"))
        key = new_key(f"{name}-vault", f"Backups {name}", tags, statements, opts)
        return aws.backup.Vault(
            name, name=physical(tags.platform, name, 50), kms_key_arn=key.arn, tags=tags.aws(name), opts=opts
        )

    def _role(self) -> aws.iam.Role:
        name, args = f"{self._name}-backup", self._args
        child = pulumi.ResourceOptions(parent=self)
        trust = policies.assumed_by("backup.amazonaws.com", StringEquals={"aws:SourceAccount": args.site.account})
        role = aws.iam.Role(
            name,
            name=physical(args.tags.platform, name, 64),
            assume_role_policy=trust,
            tags=args.tags.aws(),
            opts=child,
        )
        for policy in (_SERVICE, *_MANAGED):
            short = policy.rpartition("/")[2].removeprefix("AWSBackupServiceRolePolicyFor").lower()
            arn = f"arn:{partition(args.site.region)}:iam::aws:policy/{policy}"
            aws.iam.RolePolicyAttachment(f"{name}-{short}", role=role.name, policy_arn=arn, opts=child)
        statement = policies.use_key(args.key_arn, "Decrypt", "GenerateDataKey*", "DescribeKey")
        aws.iam.RolePolicy(name, role=role.name, policy=policies.document([statement]), opts=child)
        return role
