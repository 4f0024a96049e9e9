"""A kubeconfig of a cluster that does not exist: well-formed, with a token that opens nothing."""

from __future__ import annotations

import base64
import json

from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.outputs.typed import certificate


def kubeconfig(name: str, server: str) -> str:
    """The file's text. It is JSON, which is YAML too."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": certificate(digest(name))}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": {"token": digest("plan-only token", name, length=32)}}],
    }
    return json.dumps(config, indent=2)


def encoded(text: str) -> str:
    """Base64, as the clouds hand it out."""
    return base64.b64encode(text.encode()).decode()
