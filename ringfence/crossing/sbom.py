"""The bill of materials: everything of a bundle that somebody else made, in CycloneDX 1.6.

Owns: which members and pins are components, by package URL, and the document. It is 20 fields of JSON, so it is written
here: cyclonedx-python-lib brings seven packages for it. The same bundle gives the same bytes. Refuses to own: what is
inside an image; a scanner's own SBOM can travel as an artefact beside it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ringfence.airgap.contents import Content
from ringfence.airgap.manifest import Member, Role
from ringfence.crossing import layout
from ringfence.crossing.export import Gathered, Order, Say
from ringfence.crossing.papers import json_content

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_KINDS = {Role.IMAGE: "container", Role.CHART: "application", Role.WEIGHTS: "machine-learning-model"}


def add(order: Order, gathered: Gathered, say: Say) -> None:
    """A source of an export (`export.Source`), the last one: it lists what the others gathered."""
    found = {each["purl"]: each for each in _components(gathered.contents, str(gathered.facts["engine"]))}
    components = [found[purl] for purl in sorted(found)]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([order.name, str(order.sequence), *sorted(found)]))
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(gathered.epoch, UTC).isoformat(),
            "component": {
                "type": "platform",
                "bom-ref": order.name,
                "name": order.name,
                "version": str(order.sequence),
            },
        },
        "components": components,
    }
    reason = "what others made: packages, images, charts, weights and the engine"
    gathered.contents.append(json_content(layout.SBOM, Role.SBOM, document, reason))


def _components(contents: Iterable[Content], engine: str) -> Iterator[dict[str, Any]]:
    yield _component("application", "pulumi", engine, f"pkg:golang/github.com/pulumi/pulumi/pkg/v3@v{engine}")
    for content in contents:
        member = content.member
        if member.role is Role.LOCK and member.path.endswith(".txt"):
            with content.open() as stream:
                yield from _pinned(stream.read().decode(errors="replace"))
        elif member.role in _KINDS and member.ref and member.ref.endswith(member.digest):
            yield _artefact(member)


def _pinned(lock: str) -> Iterator[dict[str, Any]]:
    for name, version in _PIN.findall(lock):
        yield _component("library", name, version, f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(version)}")


def _artefact(member: Member) -> dict[str, Any]:
    repository, _, digest = (member.ref or "").partition("@")
    name = repository.rpartition("/")[2]
    tag = f"&tag={quote(member.tag)}" if member.tag else ""
    purl = f"pkg:oci/{name}@{quote(digest, safe='')}?repository_url={quote(repository, safe='/')}{tag}"
    hashes = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    return {**_component(_KINDS[member.role], name, member.tag or digest, purl), "hashes": hashes}


def _component(kind: str, name: str, version: str, purl: str) -> dict[str, Any]:
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
