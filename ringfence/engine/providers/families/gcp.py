"""Google Cloud: projects, locations, and resource names.

Owns the id of a type that the table does not know: the first import form that the SDK's own documentation gives.
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

_FIELD = re.compile(r"\{\{(\w+)\}\}")


class Gcp(Cloud):
    """The gcp package."""

    package = "gcp"
    placed = frozenset({"location"})
    replacing_configuration = frozenset({"project"})
    credentials = frozenset({"accessToken", "credentials", "impersonateServiceAccount", "externalCredentials"})

    def setting(self, name: str, *variables: str) -> str:
        """A provider argument, else the environment's, else a word that nothing can be proven of."""
        for value in (self.configuration.get(name), *(os.environ.get(variable) for variable in variables)):
            if isinstance(value, str) and value:
                return value
        return UNKNOWN_IN_PLAN

    @property
    def project(self) -> str:
        """The provider's project, where the real provider looks for it."""
        return self.setting(
            "project", "GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"
        )

    @property
    def region(self) -> str:
        """The provider's region, else that of its zone."""
        region = self.setting("region", "GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION")
        zoned = region == UNKNOWN_IN_PLAN and self.zone != UNKNOWN_IN_PLAN
        return self.zone.rpartition("-")[0] if zoned else region

    @property
    def zone(self) -> str:
        """The provider's zone."""
        return self.setting("zone", "GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE")

    def make_name(self, resource: Resource, style: str, replaced: str, autonaming: Any) -> str | None:
        name = super().make_name(resource, style, replaced, autonaming)
        return name.lower() if name else name

    def place(self, resource: Resource) -> dict[str, str]:
        def given(*keys: str, otherwise: str) -> str:
            for key in keys:
                value = resource.inputs.get(key)
                if isinstance(value, str) and value:
                    return value
            return otherwise

        region = given("region", otherwise=self.region)
        # Without a location of its own a cluster is zonal, and everything else regional.
        usual = self.zone if resource.token.startswith("gcp:container/") and self.zone != UNKNOWN_IN_PLAN else region
        cluster = str(resource.inputs.get("cluster", "")).rsplit("/", 1)[-1]
        return {
            "project": given("project", otherwise=self.project),
            "account": given("project", otherwise=self.project),
            "region": region,
            "zone": given("zone", otherwise=self.zone),
            "location": given("location", "region", "zone", otherwise=usual),
            "cluster": cluster,
            "host_suffix": "a.run.app",
            "arn": "",
            "self_link": self_link(resource),
        }

    def shown(self, resource: Resource) -> dict[str, Any]:
        """Project, region and zone come from the provider; labels are merged with its default labels."""
        shape = resource.shape
        if shape is None:
            return {}
        shown: dict[str, Any] = {}
        for key, value in (("project", self.project), ("region", self.region), ("zone", self.zone)):
            if key in shape.inputs.properties and key in shape.outputs.properties and value != UNKNOWN_IN_PLAN:
                shown[key] = value
        if "effectiveLabels" in shape.outputs.properties:
            labels = resource.inputs.get("labels", {})
            defaults = self.decoded("defaultLabels")
            merged = {
                **(defaults if isinstance(defaults, dict) else {}),
                **(labels if isinstance(labels, dict) else {}),
            }
            shown["pulumiLabels"] = merged
            shown["effectiveLabels"] = {**merged, "goog-pulumi-provisioned": "true"}
        return {key: value for key, value in shown.items() if key in shape.outputs.properties}

    def plain_id(self, resource: Resource, facts: Facts) -> str:
        form = self.registry.import_form(resource.token)
        if form is None:
            return facts["name"]
        return _FIELD.sub(lambda match: self._field(match.group(1), resource, facts), form)

    def _field(self, field: str, resource: Resource, facts: Facts) -> str:
        if field in ("project", "region", "zone", "location", "name"):
            return facts[field]
        wire = re.sub(r"_(\w)", lambda match: match.group(1).upper(), field)
        value = resource.inputs.get(wire)
        return str(value).rsplit("/", 1)[-1] if isinstance(value, str | int) else facts["name"]

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        from ringfence.engine.providers.functions import answer, gcp

        return answer(self, gcp.FUNCTIONS, token, arguments, notices)


def self_link(resource: Resource) -> str:
    """The self link of a resource whose type has no row: its API's host and its name."""
    service = resource.token.split(":")[1].split("/")[0]
    return f"https://{service}.googleapis.com/v1/{resource.inputs.get('name', resource.name)}"
