"""AWS: regions and partitions, ARNs, IAM documents.

Owns where a resource is and what its ARN looks like when no row of the table says. Functions: `functions/aws.py`.
"""

from __future__ import annotations

import os
import re
from typing import Any

from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.families.base import Resource
from ringfence.engine.providers.families.cloud import Cloud
from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.outputs.templates import Facts

ACCOUNT = "123456789012"
"""The account number of AWS's own documentation examples."""

_PARTITIONS = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
)
"""Region prefix, partition, DNS suffix. Source: botocore, data/partitions.json."""


def partition_of(region: str) -> tuple[str, str]:
    """Partition and DNS suffix of a region."""
    for prefix, partition, suffix in _PARTITIONS:
        if region.startswith(prefix):
            return partition, suffix
    return "aws", "amazonaws.com"


class Aws(Cloud):
    """The aws package."""

    package = "aws"
    replacing_configuration = frozenset({"region"})
    credentials = frozenset(
        {
            "accessKey",
            "secretKey",
            "token",
            "profile",
            "assumeRoles",
            "assumeRoleWithWebIdentity",
            "sharedConfigFiles",
            "sharedCredentialsFiles",
        }
    )

    @property
    def region(self) -> str:
        """The provider's region, else the environment's, as the real provider looks for it."""
        for value in (
            self.configuration.get("region"),
            os.environ.get("AWS_REGION"),
            os.environ.get("AWS_DEFAULT_REGION"),
        ):
            if isinstance(value, str) and value:
                return value
        return UNKNOWN_IN_PLAN

    @property
    def account(self) -> str:
        """The one account the provider allows, else an example's."""
        allowed = self.decoded("allowedAccountIds")
        return str(allowed[0]) if isinstance(allowed, list) and allowed else ACCOUNT

    def place(self, resource: Resource) -> dict[str, str]:
        given = resource.inputs.get("region")
        region = given if isinstance(given, str) else self.region
        partition, suffix = partition_of(region)
        path = resource.inputs.get("path")
        url = resource.inputs.get("url")
        service = resource.token.split(":")[1].split("/")[0]
        kind = re.sub(r"([a-z\d])([A-Z])", r"\1-\2", resource.token.rsplit(":", 1)[-1]).lower()
        name = resource.inputs.get("name", resource.name)
        return {
            "region": region,
            "account": self.account,
            "partition": partition,
            "dns_suffix": suffix,
            "host_suffix": f"{region}.{suffix}",
            "path": path if isinstance(path, str) else "/",
            "issuer": url.removeprefix("https://") if isinstance(url, str) else "",
            "arn": f"arn:{partition}:{service}:{region}:{self.account}:{kind}/{name}",
            "self_link": "",
        }

    def shown(self, resource: Resource) -> dict[str, Any]:
        """`region` and `tagsAll` are known in a real preview too."""
        shape = resource.shape
        shown: dict[str, Any] = {}
        if shape is None:
            return shown
        if "region" in shape.outputs.properties and self.region != UNKNOWN_IN_PLAN:
            shown["region"] = self.region
        if "tagsAll" in shape.outputs.properties:
            tags = resource.inputs.get("tags", {})
            defaults = self.decoded("defaultTags")
            always = defaults.get("tags", {}) if isinstance(defaults, dict) else {}
            shown["tagsAll"] = {**always, **tags} if isinstance(tags, dict) else tags
        return shown

    def plain_id(self, resource: Resource, facts: Facts) -> str:
        if resource.token.startswith(("aws:ec2/", "aws:vpc/")) and "name" not in resource.inputs:
            return f"{resource.token.rsplit(':', 1)[-1].lower()}-{facts['hash17']}"
        return facts["name"]

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        from ringfence.engine.providers.functions import answer, aws

        return answer(self, aws.FUNCTIONS, token, arguments, notices)
