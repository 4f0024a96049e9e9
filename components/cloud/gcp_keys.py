"""A key of one region in GCP, and the service agents that may use it.

Owns: key rings, rotation and who encrypts with a key. Refuses to own: what is encrypted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

ROTATION = f"{90 * 24 * 3600}s"
"""A new key version every 90 days (Google Cloud KMS, "Key rotation": recommended for symmetric keys)."""
DESTROY_AFTER = f"{30 * 24 * 3600}s"
"""Time in which a destroyed version can be brought back: the default."""

SERVICE_AGENTS = {
    "artifactregistry": "service-{number}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "compute": "service-{number}@compute-system.iam.gserviceaccount.com",
    "container": "service-{number}@container-engine-robot.iam.gserviceaccount.com",
    "file": "service-{number}@cloud-filer.iam.gserviceaccount.com",
    "logging": "service-{number}@gcp-sa-logging.iam.gserviceaccount.com",
    "lustre": "service-{number}@gcp-sa-lustre.iam.gserviceaccount.com",
    "storage": "service-{number}@gs-project-accounts.iam.gserviceaccount.com",
    "storagetransfer": "project-{number}@storage-transfer-service.iam.gserviceaccount.com",
}
"""Who acts for each service in a project (Google Cloud IAM, "Service agents")."""

_ON_REQUEST = ("artifactregistry", "file", "lustre")
"""Agents that exist only once somebody has asked for them; the others come with their API."""


def agent(number: pulumi.Input[str], service: str) -> pulumi.Output[str]:
    """The IAM member of a service's agent in the project of that number."""
    return pulumi.Output.from_input(number).apply(
        lambda known: "serviceAccount:" + SERVICE_AGENTS[service].format(number=known)
    )


def project_number(project: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The number of a project."""
    found = gcp.organizations.get_project_output(project_id=project, opts=pulumi.InvokeOutputOptions(parent=parent))
    return found.number


@dataclass(frozen=True, kw_only=True)
class GcpKeyArgs:
    """What a key needs to know."""

    site: CloudSite
    tags: Tags
    users: tuple[str, ...]
    """Services whose agents may encrypt and decrypt, as SERVICE_AGENTS names them."""
    members: Mapping[str, pulumi.Input[str]] | None = None
    """Further IAM members that may, by a short name of ours."""


class GcpKey(pulumi.ComponentResource):
    """A key ring in the site's region with one key. What it encrypts must wait for the component."""

    key_id: pulumi.Output[str]
    """Id of the key, without a version."""

    def __init__(self, name: str, args: GcpKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpKey", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        project = args.site.account
        ring = gcp.kms.KeyRing(name, project=project, location=args.site.region, opts=child)
        key = gcp.kms.CryptoKey(
            name,
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=ROTATION,
            destroy_scheduled_duration=DESTROY_AFTER,
            labels=args.tags.gcp(),
            opts=child,
        )
        number = project_number(project, self)
        members = {service: agent(number, service) for service in args.users} | dict(args.members or {})
        for user, member in members.items():
            asked = []
            if user in _ON_REQUEST:
                asked = [
                    gcp.projects.ServiceIdentity(
                        f"{name}-{user}", project=project, service=f"{user}.googleapis.com", opts=child
                    )
                ]
            gcp.kms.CryptoKeyIAMMember(
                f"{name}-{user}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=member,
                opts=pulumi.ResourceOptions(parent=self, depends_on=asked),
            )
        self.key_id = key.id
        self.register_outputs({"keyId": self.key_id})
