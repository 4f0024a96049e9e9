"""Images that are spelled in several fields: registry, repository, image, name, tag, version, digest.

Owns: which fields belong together in one mapping, and how they are joined. The GPU Operator's `repository`, `image` and
`version`, Bitnami's `registry`, `repository` and `tag`, KServe's `image` and `tag` are all of this shape. Refuses to
own: the walk (manifests.py, values.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ringfence.airgap.images.found import Closure, Why
from ringfence.airgap.images.reference import Reference, parse

_HOSTS = ("registry", "imageRegistry", "hub", "host")
_VERSIONS = ("tag", "version", "imageTag", "defaultVersion", "imageVersion", "defaultImageVersion")
_DIGESTS = ("digest", "sha", "imageDigest")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def read(
    value: Mapping[str, Any], keys: tuple[str, ...], why: Why, closure: Closure, default_tag: str | None = None
) -> set[str]:
    """Note the image that a mapping's own fields spell, and say which of its keys that took.

    `default_tag` is a chart's appVersion, where a chart's values leave the tag to it. Nothing is noted for a mapping
    that spells none, and a miss for one that spells half of one.
    """
    name_keys = _name_keys(value, keys)
    if not name_keys:
        return set()
    name = "/".join(str(value[key]).strip("/") for key in name_keys)
    host = _first(value, _HOSTS)
    if host and not name.startswith(f"{host}/"):
        name = f"{host.strip('/')}/{name}"
    written = parse(name, pinned=False)
    version_key = next((key for key in _VERSIONS if key in value), None)
    version = str(value[version_key]) if version_key and value[version_key] not in (None, "") else None
    digest = _digest(value)
    taken = {*name_keys, *(key for key in (*_HOSTS, *_VERSIONS, *_DIGESTS) if key in value)}
    if written is None:
        closure.miss(name, why, "this is no image's name")
        return taken
    if version and version.startswith("sha256:"):
        version, digest = None, version
    tag = written.tag or version or (None if digest or written.digest else default_tag)
    if tag is None and digest is None and written.digest is None:
        if not _surely_an_image(value, name_keys, keys, version_key):
            return set()
        closure.miss(name, why, "no tag and no digest is given, here or by the chart's appVersion")
        return taken
    if tag and not _TAG.fullmatch(tag):
        closure.miss(f"{name}:{tag}", why, "its tag is no tag: a template or a placeholder")
        return taken
    if tag is not None and tag is default_tag:
        why = replace(why, rule="split fields, tag from the chart's appVersion")
    closure.add(Reference(written.host, written.path, tag, digest or written.digest), why)
    return taken


def _name_keys(value: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that hold the name, in the order in which they are joined; none where the mapping spells no image."""
    image, repository, name = (_text(value, key) for key in ("image", "repository", "name"))
    versioned = any(key in value for key in (*_VERSIONS, *_DIGESTS))
    if repository and "://" in repository:
        return ()  # A chart's repository.
    if image and repository:
        return ("image",) if image.startswith(f"{repository}/") else ("repository", "image")
    if image:
        return ("image",) if parse(image, pinned=False) and (versioned or _full(image)) else ()
    about_image = any("image" in key.lower() for key in keys[-1:])
    if repository and (versioned or about_image):
        joined = about_image and name and "/" not in name and "registry" not in value and versioned
        return ("repository", "name") if joined else ("repository",)
    if about_image and name and versioned and (_first(value, _HOSTS) or "/" in name):
        return ("name",)
    return ()


def _full(image: str) -> bool:
    """A whole name with host or path and a tag or digest: unmistakable even where nothing else says so."""
    reference = parse(image, pinned=False)
    return reference is not None and ("/" in image or reference.tag is not None or reference.digest is not None)


def _surely_an_image(
    value: Mapping[str, Any], names: tuple[str, ...], keys: tuple[str, ...], version: str | None
) -> bool:
    about = any("image" in key.lower() for key in (*keys[-1:], *names))
    return about and (version is not None or len(names) > 1 or "/" in str(value[names[-1]]))


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((found for found in (_text(value, name) for name in names) if found), None)


def _text(value: Mapping[str, Any], key: str) -> str | None:
    found = value.get(key)
    return found if isinstance(found, str) and found else None


def _digest(value: Mapping[str, Any]) -> str | None:
    found = _first(value, _DIGESTS)
    if found is None:
        return None
    digest = found if found.startswith("sha256:") else f"sha256:{found}"
    return digest if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else None
