"""What looks like a secret: known forms of keys and tokens, and names that announce one.

Owns: the patterns, each with the form's source. Pure. Refuses to own: where to look (policy.rules.secrets). It never
returns a value: only where it stands and what it looks like.
"""

from __future__ import annotations

import re

FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})\b")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{30,}\b")),
    ("an OpenAI or Anthropic key", re.compile(r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}\b")),
    ("an NVIDIA API key", re.compile(r"\bnvapi-[A-Za-z0-9_-]{40,}\b")),
    ("an Azure storage key", re.compile(r"AccountKey=[A-Za-z0-9+/]{60,}={0,2}")),
    ("a signed token (JWT)", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@{}$]+:(?!\$)[^\s:/@{}$<]{3,}@[\w.-]+")),
)
"""What it is, and its form, as each issuer documents it (the prefixes that secret scanners of code hosts use)."""

_ANNOUNCES = re.compile(
    r"(?:password|passwd|passphrase|api_?key|access_?key|secret_?access_?key|private_?key|auth_?token|_token|bearer)$"
)
_POINTS = re.compile(r"(?:existing|ref$|_?name$|_?file$|_?path$|_?key_?id$)", re.IGNORECASE)
_REFERENCE = re.compile(
    r"^(?:\$\{|\$\(|\{\{|<|/|[a-z0-9+]+://|vault:|ref\+|arn:|projects/)|^(?:true|false|none|null|[0-9]{1,3})$",
    re.IGNORECASE,
)


def form_of(text: str) -> str | None:
    """What a text holds that looks like a secret, or None."""
    if len(text) < 12:
        return None
    return next((what for what, pattern in FORMS if pattern.search(text)), None)


def announced(name: str, value: str) -> bool:
    """Whether a name says that its value is a secret, and the value is not merely a reference to one."""
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    if not _ANNOUNCES.search(spelled) or _POINTS.search(name):
        return False
    return bool(value.strip()) and not _REFERENCE.match(value.strip())
