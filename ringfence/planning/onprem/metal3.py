"""What drives the machines: the bare metal operator and Ironic, with certificates of their own.

Owns: the operators' delivery, the Ironic service and the agent that it boots machines with. Refuses to own: the
machines (bare_metal.py) and Cluster API's Metal3 provider (management.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.planning.onprem.delivery import git_source, kustomization, oci_source
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest, mirrored
from ringfence.planning.onprem.releases import BARE_METAL_OPERATOR, IRONIC_OPERATOR, METAL3_NAMESPACE, Operator

API_PORT, IMAGE_PORT = 6385, 6180
"""Ironic's API and its image server (ironic.metal3.io/v1alpha1, defaults)."""
CREDENTIALS = "ironic-credentials"
"""Secret with username and password of Ironic's API, in METAL3_NAMESPACE; it is made outside, never here."""
CERTIFICATE, AUTHORITY = "ironic-cert", "ironic-cacert"
"""Secrets that cert-manager keeps; the bare metal operator's TLS component mounts the second by this name."""
AGENT = "ironic-python-agent"


@dataclass(frozen=True, kw_only=True)
class AgentImages:
    """The ramdisk that inspects and writes machines: URLs with file, http, https or oci."""

    kernel: str
    initramfs: str


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """How machines are reached while they have no operating system."""

    address: str
    """Where machines fetch the agent and their image's instructions: an address of the node network."""
    interface: str | None = None
    """Network device that gets the address, kept up by keepalived; unset where a host has it already."""
    host: str | None = None
    """The host that has the address, where no interface is named: Ironic stays on it."""
    agent: AgentImages | None = None
    """Unset lets Ironic download its agent, which needs the internet."""


def agent_images_beside(image: str) -> AgentImages:
    """The agent's files in the folder that an operating system image is served from."""
    folder = image.rpartition("/")[0]
    return AgentImages(kernel=f"{folder}/{AGENT}.kernel", initramfs=f"{folder}/{AGENT}.initramfs")


def operators(
    provisioning: Provisioning, labels: Mapping[str, str], *, registry: str | None, connected: bool
) -> list[Manifest]:
    """Certificates and operators: Ironic itself comes once they are there.

    Raises PlanError for a site without internet and without an agent image.
    """
    if not connected and provisioning.agent is None:
        raise PlanError(
            "Ironic cannot download its agent at a site without internet",
            "name the agent's kernel and initramfs, or give a bare-metal pool an image: they are looked for beside it",
        )
    return [
        *certificates(provisioning, labels),
        operator_settings(provisioning, labels),
        *operator(BARE_METAL_OPERATOR, labels, registry),
        *operator(IRONIC_OPERATOR, labels, registry),
    ]


def operator(what: Operator, labels: Mapping[str, str], registry: str | None) -> list[Manifest]:
    """An operator from its project's kustomization, at its release; its images carry no tag there, so they get one."""
    source = (
        oci_source(what.name, f"{registry}/manifests/{what.name}", what.version, labels)
        if registry
        else git_source(what.name, what.repository, what.version, labels)
    )
    images = [{"name": image, "newName": mirrored(image, registry), "newTag": what.version} for image in what.images]
    # Pruning, or deleting what was applied, would take the kinds away and every machine with them.
    more: dict[str, Any] = {"images": images, "prune": False, "deletionPolicy": "Orphan"}
    if what.components:
        more["components"] = list(what.components)
    return [source, kustomization(source, what.path, labels, **more)]


def operator_settings(provisioning: Provisioning, labels: Mapping[str, str]) -> Manifest:
    """Where the bare metal operator finds Ironic and the agent; its base kustomization leaves this to whoever uses it.

    Source: metal3-io/baremetal-operator, config/base and docs/configuration.md.
    """
    agent = provisioning.agent or AgentImages(
        kernel=f"http://{provisioning.address}:{IMAGE_PORT}/images/{AGENT}.kernel",
        initramfs=f"http://{provisioning.address}:{IMAGE_PORT}/images/{AGENT}.initramfs",
    )
    return manifest(
        "v1",
        "ConfigMap",
        "ironic",
        METAL3_NAMESPACE,
        labels=labels,
        data={
            "IRONIC_ENDPOINT": f"https://{provisioning.address}:{API_PORT}/v1/",
            "DEPLOY_KERNEL_URL": agent.kernel,
            "DEPLOY_RAMDISK_URL": agent.initramfs,
        },
    )


def ironic(provisioning: Provisioning, labels: Mapping[str, str]) -> Manifest:
    """The service itself, with TLS and credentials; machines boot through virtual media, so there is no DHCP."""
    networking: dict[str, Any] = {"ipAddress": provisioning.address}
    spec: dict[str, Any] = {
        "apiCredentialsName": CREDENTIALS,
        "networking": networking,
        "tls": {"certificateName": CERTIFICATE},
    }
    if provisioning.interface:
        networking |= {"interface": provisioning.interface, "keepalived": {"enabled": True}}
    elif provisioning.host:
        spec["nodeSelector"] = {"kubernetes.io/hostname": provisioning.host}
    if provisioning.agent:
        spec["deployRamdisk"] = {"disableDownloader": True}
        spec["overrides"] = {
            "agentImages": [
                {
                    "architecture": "x86_64",
                    "kernel": provisioning.agent.kernel,
                    "initramfs": provisioning.agent.initramfs,
                }
            ]
        }
    return manifest("ironic.metal3.io/v1alpha1", "Ironic", "ironic", METAL3_NAMESPACE, labels=labels, spec=spec)


def certificates(provisioning: Provisioning, labels: Mapping[str, str]) -> list[Manifest]:
    """An authority of Ironic's own, and the certificate for its address that the authority signs."""

    def made(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
        return manifest("cert-manager.io/v1", kind, name, METAL3_NAMESPACE, labels=labels, spec=spec)

    return [
        made("Issuer", "ironic-selfsigned", {"selfSigned": {}}),
        made(
            "Certificate",
            AUTHORITY,
            {
                "isCA": True,
                "commonName": "ironic-ca",
                "secretName": AUTHORITY,
                "privateKey": {"algorithm": "ECDSA", "size": 256},
                "issuerRef": {"kind": "Issuer", "name": "ironic-selfsigned"},
            },
        ),
        made("Issuer", "ironic-ca", {"ca": {"secretName": AUTHORITY}}),
        made(
            "Certificate",
            CERTIFICATE,
            {
                "commonName": "ironic",
                "secretName": CERTIFICATE,
                "ipAddresses": [provisioning.address],
                "dnsNames": [f"ironic.{METAL3_NAMESPACE}.svc"],
                "privateKey": {"algorithm": "RSA", "size": 3072},
                "issuerRef": {"kind": "Issuer", "name": "ironic-ca"},
            },
        ),
    ]
