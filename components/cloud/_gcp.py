"""The GCP SDK, or a word about the extra that brings it. Owns nothing else."""

from components.cloud.sdk import missing_sdk

try:
    import pulumi_gcp as gcp
except ModuleNotFoundError as error:
    raise missing_sdk("gcp", error) from None

__all__ = ["gcp"]
