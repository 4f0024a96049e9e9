"""IAM, key and bucket policies as plain documents.

Owns: who may do what, as pure functions of names and ARNs. Refuses to own: attaching them. Where an ARN is only known
to AWS, the functions are called through `pulumi.Output.json_dumps` with the Output in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pulumi

Statement = dict[str, Any]
Arn = pulumi.Input[str]

POD_IDENTITY_ACTIONS = ["sts:AssumeRole", "sts:TagSession"]
"""Both are needed (Amazon EKS user guide, "EKS Pod Identity role")."""


def document(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """The policy as JSON text, once every ARN in it is known."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def assumed_by(service: str, actions: Sequence[str] = ("sts:AssumeRole",), **condition: Any) -> pulumi.Output[str]:
    """A trust policy for one AWS service; `condition` holds the operators of its Condition."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document([{**statement, "Condition": condition} if condition else statement])


def assumed_by_group(partition: str, account: str, group: str) -> pulumi.Output[str]:
    """A trust policy for people of one group, as the session tag `group` of the account's identity centre names it."""
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"aws:PrincipalTag/group": group}},
            }
        ]
    )


def account_owns_key(partition: str, account: str) -> Statement:
    """The account's own IAM policies decide over the key; without it nobody could ever change the key again."""
    return {
        "Sid": "AccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def logs_use_key(partition: str, region: str, account: str) -> Statement:
    """CloudWatch Logs may use the key, for log groups of this account and region only."""
    return {
        "Sid": "LogsOfThisRegion",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:{partition}:logs:{region}:{account}:*"}},
    }


def autoscaling_uses_key(partition: str, account: str) -> list[Statement]:
    """EC2 Auto Scaling may attach volumes that the key encrypts (its user guide, "Required key policy")."""
    linked = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    role = f"arn:{partition}:iam::{account}:role/{linked}"
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    allow: Statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Resource": "*"}
    grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        {"Sid": "NodeVolumes", **allow, "Action": use},
        {"Sid": "NodeVolumeGrants", **allow, "Action": ["kms:CreateGrant"], "Condition": grant},
    ]


def use_key(key_arn: Arn, *actions: str) -> Statement:
    """Encrypt and decrypt with a key; or only `actions` of it, without their `kms:`."""
    chosen = actions or ("Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "DescribeKey", "CreateGrant")
    return {"Effect": "Allow", "Action": [f"kms:{action}" for action in chosen], "Resource": key_arn}


def tls_only(bucket_arn: Arn) -> list[Statement]:
    """Nobody reaches the bucket without TLS 1.2, whoever they are."""
    deny: Statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
    }
    return [
        {"Sid": "TlsOnly", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "Tls12", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]


def only_this_key(bucket_arn: Arn, key_arn: Arn) -> Statement:
    """Nobody writes an object under another key than the bucket's own."""
    return {
        "Sid": "OwnKeyOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket_arn, "/*"),
        "Condition": {"StringNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key_arn}},
    }


def access_logs_from(bucket_arn: Arn, source_arn: Arn, account: str) -> Statement:
    """S3 may write the access log of one bucket of this account."""
    return {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket_arn, "/*"),
        "Condition": {"ArnLike": {"aws:SourceArn": source_arn}, "StringEquals": {"aws:SourceAccount": account}},
    }


def replicate(source: Arn, source_key: Arn, region: str, copies: Iterable[tuple[Arn, Arn, str]]) -> list[Statement]:
    """Read one bucket and write its replicas. `copies` are (bucket ARN, key ARN, region) of each."""
    statements: list[Statement] = [
        {"Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": source},
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
                "s3:GetObjectRetention",
                "s3:GetObjectLegalHold",
            ],
            "Resource": pulumi.Output.concat(source, "/*"),
        },
        {**use_key(source_key, "Decrypt"), **_through_s3(region)},
    ]
    for bucket, key, at in copies:
        write = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        statements.append({"Effect": "Allow", "Action": write, "Resource": pulumi.Output.concat(bucket, "/*")})
        statements.append({**use_key(key, "Encrypt", "GenerateDataKey*"), **_through_s3(at)})
    return statements


def _through_s3(region: str) -> Statement:
    return {"Condition": {"StringLike": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}}


def replicated_into(bucket_arn: Arn, writer: Arn) -> Statement:
    """The role of another account may write replicas here."""
    return {
        "Sid": "ReplicasFromOtherAccount",
        "Effect": "Allow",
        "Principal": {"AWS": writer},
        "Action": [
            "s3:ReplicateObject",
            "s3:ReplicateDelete",
            "s3:ReplicateTags",
            "s3:ObjectOwnerOverrideToBucketOwner",
        ],
        "Resource": pulumi.Output.concat(bucket_arn, "/*"),
    }


def lent_key(principal: Arn, *actions: str) -> Statement:
    """In a key's own policy: somebody of another account may use it."""
    chosen = [f"kms:{action}" for action in actions]
    return {
        "Sid": "OtherAccount",
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": chosen,
        "Resource": "*",
    }


def copies_from(partition: str, account: str) -> pulumi.Output[str]:
    """In a backup vault's policy: another account may copy backups into it."""
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": ["backup:CopyIntoBackupVault"],
                "Resource": "*",
            }
        ]
    )


def read_bucket(bucket_arn: Arn, key_arn: Arn) -> list[Statement]:
    """List and read a dataset."""
    return [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": bucket_arn},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": pulumi.Output.concat(bucket_arn, "/*")},
        use_key(key_arn, "Decrypt"),
    ]


def own_buckets_only(partition: str, region: str, account: str) -> pulumi.Output[str]:
    """The S3 endpoint's policy: buckets of this account, and those that hold the layers of ECR's images.

    It is what keeps a pod with somebody else's credentials from carrying data into somebody else's bucket.
    """
    layers = f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*"
    everybody: Statement = {"Effect": "Allow", "Principal": "*"}
    own = {"StringEquals": {"aws:ResourceAccount": account}}
    return document(
        [
            {**everybody, "Action": "s3:*", "Resource": "*", "Condition": own},
            {**everybody, "Action": "s3:GetObject", "Resource": layers},
        ]
    )
