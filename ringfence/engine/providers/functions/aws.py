"""AWS functions that can be answered from the provider's configuration and public facts."""

from __future__ import annotations

from typing import Any

from ringfence.engine.providers.families.aws import Aws, partition_of
from ringfence.engine.providers.functions import Function
from ringfence.engine.providers.functions.iam_policy import policy_document
from ringfence.engine.providers.functions.kubeconfig import encoded
from ringfence.engine.providers.functions.zones import zones
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.wire import Secret


def _region(aws: Aws, arguments: dict[str, Any]) -> str:
    return arguments.get("region") or aws.region


def get_region(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """The region asked for, or the provider's."""
    region = arguments.get("name") or _region(aws, arguments)
    suffix = partition_of(region)[1]
    return {"id": region, "name": region, "region": region, "endpoint": f"ec2.{region}.{suffix}", "description": region}


def get_regions(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """Every region of the provider's partition."""
    from ringfence.facts.regions import regions

    partition = partition_of(aws.region)[0]
    names = sorted(
        item.code for item in regions("aws") if item.parent is None and partition_of(item.code)[0] == partition
    )
    return {"id": partition, "names": names}


def get_partition(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """Partition and DNS names of the provider's region."""
    partition, suffix = partition_of(_region(aws, arguments))
    return {
        "id": partition,
        "partition": partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(suffix.split(".")[::-1]),
    }


def get_caller_identity(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """An identity of the provider's account."""
    arn = f"arn:{partition_of(aws.region)[0]}:iam::{aws.account}:user/plan-only"
    return {"id": aws.account, "accountId": aws.account, "arn": arn, "userId": f"AIDA{digest(arn, length=17).upper()}"}


def get_availability_zones(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """The region's zones but those excluded; their ids are of the account's own numbering, so they are made up."""
    region = _region(aws, arguments)
    names = [name for name in zones("aws", region) if name not in (arguments.get("excludeNames") or ())]
    ids = [f"{_zone_prefix(region)}-az{number}" for number in range(1, len(names) + 1)]
    return {"id": region, "names": names, "zoneIds": ids, "groupNames": [region], "region": region}


def get_availability_zone(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """One zone by name."""
    region = _region(aws, arguments)
    name = arguments.get("name") or zones("aws", region)[0]
    return {
        "id": name,
        "name": name,
        "nameSuffix": name[-1:],
        "region": region,
        "state": "available",
        "groupName": region,
        "networkBorderGroup": region,
        "zoneType": "availability-zone",
        "optInStatus": "opt-in-not-required",
        "zoneId": f"{_zone_prefix(region)}-az1",
    }


def get_ami(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """An image for the filters: the same filters give the same image."""
    image = f"ami-{digest(_region(aws, arguments), repr(sorted(arguments.items(), key=str)), length=17)}"
    partition = partition_of(_region(aws, arguments))[0]
    return {
        "id": image,
        "imageId": image,
        "arn": f"arn:{partition}:ec2:{_region(aws, arguments)}::image/{image}",
        "architecture": "x86_64",
        "rootDeviceName": "/dev/xvda",
        "state": "available",
        "virtualizationType": "hvm",
    }


def get_ami_ids(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """One image for the filters."""
    return {"ids": [get_ami(aws, arguments)["id"]]}


def get_parameter(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """A public parameter that ends in an image id is answered with an image; any other value is a placeholder."""
    name = arguments["name"]
    image = name.startswith("/aws/service/") and ("ami" in name or "image_id" in name)
    value = get_ami(aws, {"name": name})["id"] if image else "unknown-in-plan"
    partition = partition_of(_region(aws, arguments))[0]
    arn = f"arn:{partition}:ssm:{_region(aws, arguments)}:{'' if image else aws.account}:parameter/{name.lstrip('/')}"
    return {
        "id": name,
        "name": name,
        "arn": arn,
        "type": "String",
        "value": Secret(value),
        "insecureValue": value,
        "version": 1,
    }


def get_cluster_auth(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """A token that opens nothing."""
    name = arguments["name"]
    return {"id": name, "name": name, "token": Secret(f"k8s-aws-v1.{digest(name, length=32)}")}


def get_authorization_token(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """A registry's password that opens nothing, and the token that is base64 of `AWS:<password>`."""
    region = _region(aws, arguments)
    account = arguments.get("registryId") or aws.account
    password = digest(account, region, length=32)
    return {
        "authorizationToken": Secret(encoded(f"AWS:{password}")),
        "userName": "AWS",
        "password": Secret(password),
        "proxyEndpoint": f"https://{account}.dkr.ecr.{region}.{partition_of(region)[1]}",
    }


def get_service_principal(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """`<service>.amazonaws.com`, the form of every service principal but a few."""
    region = _region(aws, arguments)
    suffix = "amazonaws.com"
    name = f"{arguments['serviceName']}.{suffix}"
    return {"id": f"{arguments['serviceName']}.{region}.{suffix}", "name": name, "suffix": suffix, "region": region}


def get_default_tags(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """The provider's own default tags."""
    tags = aws.decoded("defaultTags")
    return {"id": aws.region, "tags": tags.get("tags", {}) if isinstance(tags, dict) else {}}


def get_arn(aws: Aws, arguments: dict[str, Any]) -> dict[str, Any]:
    """An ARN taken apart."""
    arn = arguments["arn"]
    _, partition, service, region, account, resource = (*arn.split(":", 5), "", "", "", "", "")[:6]
    parts = {"partition": partition, "service": service, "region": region, "account": account, "resource": resource}
    return {"id": arn, "arn": arn, **parts}


def _zone_prefix(region: str) -> str:
    """`eu-central-1` -> `euc1`, the form of zone ids."""
    area, *rest = region.split("-")
    return area + "".join(part[0] if not part.isdigit() else part for part in rest)


FUNCTIONS: dict[str, Function] = {
    "aws:index/getRegion:getRegion": get_region,
    "aws:index/getRegions:getRegions": get_regions,
    "aws:index/getPartition:getPartition": get_partition,
    "aws:index/getCallerIdentity:getCallerIdentity": get_caller_identity,
    "aws:index/getAvailabilityZones:getAvailabilityZones": get_availability_zones,
    "aws:index/getAvailabilityZone:getAvailabilityZone": get_availability_zone,
    "aws:index/getDefaultTags:getDefaultTags": get_default_tags,
    "aws:index/getArn:getArn": get_arn,
    "aws:index/getServicePrincipal:getServicePrincipal": get_service_principal,
    "aws:ec2/getAmi:getAmi": get_ami,
    "aws:ec2/getAmiIds:getAmiIds": get_ami_ids,
    "aws:ssm/getParameter:getParameter": get_parameter,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": get_authorization_token,
    "aws:ecr/getCredentials:getCredentials": get_authorization_token,
    "aws:eks/getClusterAuth:getClusterAuth": get_cluster_auth,
    "aws:iam/getPolicyDocument:getPolicyDocument": policy_document,
}
