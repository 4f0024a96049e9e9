"""Physical names that have to be unique in the world or short: deterministic, legal, and stable from run to run.

Owns: cutting a name to a limit without two names becoming one. Refuses to own: names that a provider makes up.
"""

from __future__ import annotations

import re
from hashlib import sha256

_HASH = 7


def fit(name: str, limit: int) -> str:
    """The name, or where it is longer than `limit`, its beginning and a hash of all of it."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - _HASH - 1].rstrip('-')}-{sha256(name.encode()).hexdigest()[:_HASH]}"


def physical(platform: str, name: str, limit: int) -> str:
    """The name with the platform's in front, unless it begins with it: two platforms may share an account."""
    return fit(name if name.startswith(f"{platform}-") else f"{platform}-{name}", limit)


def alphanumeric(name: str, owner: str, limit: int) -> str:
    """Lower-case letters and digits only, with a hash of name and owner: Azure storage accounts (24), registries (50).

    `owner` is the subscription: two platforms of one name in the world must not meet.
    """
    digest = sha256(f"{owner}/{name}".encode()).hexdigest()[:_HASH]
    return re.sub(r"[^a-z0-9]", "", name.lower())[: limit - _HASH] + digest


def hyphenated(name: str, owner: str, limit: int) -> str:
    """Lower-case letters, digits and hyphens, and a hash of name and owner: Azure key vaults (24), buckets (63)."""
    digest = sha256(f"{owner}/{name}".encode()).hexdigest()[:_HASH]
    return f"{name.lower()[: limit - _HASH - 1].rstrip('-')}-{digest}"


def bucket_name(platform: str, name: str, owner: str) -> str:
    """The bucket of a dataset store: known before it exists, so that add-ons and reviews can name it.

    `owner` is the AWS account or GCP project.
    """
    return hyphenated(physical(platform, name, 200), owner, 63)
