"""The Azure SDK, or a word about the extra that brings it. Owns nothing else."""

from components.cloud.sdk import missing_sdk

try:
    import pulumi_azure_native as azure
except ModuleNotFoundError as error:
    raise missing_sdk("azure", error) from None

__all__ = ["azure"]
