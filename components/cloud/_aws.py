"""The AWS SDK, or a word about the extra that brings it. Owns nothing else."""

from components.cloud.sdk import missing_sdk

try:
    import pulumi_aws as aws
except ModuleNotFoundError as error:
    raise missing_sdk("aws", error) from None

__all__ = ["aws"]
