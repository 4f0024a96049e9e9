"""What secrets look like. One row a shape: a literal that must be there (to look fast), and the whole pattern.

Owns the table. A shape has at least sixteen printable characters in a row, so that compressed and other binary data is
passed over without a look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SHORTEST = 16
"""Printable characters in a row that every shape has at least."""


@dataclass(frozen=True)
class Shape:
    """A kind of secret."""

    name: str
    anchors: tuple[bytes, ...]
    """Literals: one of them is in every secret of this shape."""
    pattern: re.Pattern[bytes]
    harmless: re.Pattern[bytes] | None = None
    """Matches that are placeholders of documentation."""
    before: int = 64
    """Bytes before the anchor where a match may begin."""
    after: int = 512
    """Bytes after the anchor that are enough to tell."""


def _shape(name: str, anchors: str, pattern: bytes, harmless: bytes | None = None, **more: int) -> Shape:
    literals = tuple(anchor.encode() for anchor in anchors.split("|"))
    return Shape(name, literals, re.compile(pattern), re.compile(harmless) if harmless else None, **more)


_END = rb"(?![A-Za-z0-9_-])"
_START = rb"(?<![A-Za-z0-9_-])"
_PLACEHOLDER = rb"(?i)pass(word|wd|phrase)?|pwd|secret|token|x{3,}|\.{3}|example|placeholder|redacted|\*+"

SHAPES: tuple[Shape, ...] = (
    # RFC 7468 and PGP: the line, and key material after it (a name of the format in a program's text has none).
    _shape(
        "private key",
        "PRIVATE KEY",
        rb"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY( BLOCK)?-----"
        rb"(\s|\\[nr]|[A-Za-z-]+: [^\r\n\0\\]{1,80})*[A-Za-z0-9+/]{32}",
    ),
    _shape("age key", "AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _shape("minisign secret key", "encrypted secret key", rb"encrypted secret key\s+RW[A-Za-z0-9+/=]{100,}"),
    # Clouds.
    _shape("AWS access key", "AKIA|ASIA", _START + rb"(AKIA|ASIA)[A-Z2-7]{16}" + _END, rb"EXAMPLE$"),
    _shape(
        "AWS secret key",
        "ecret_access_key|ecretAccessKey|SECRET_ACCESS_KEY",
        rb"(?i)secret_?access_?key[\"'\s:=\\]{1,8}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
        rb"EXAMPLEKEY$",
    ),
    _shape("Google API key", "AIza", _START + rb"AIza[0-9A-Za-z_-]{35}" + _END),
    _shape("Google OAuth secret", "GOCSPX-", rb"GOCSPX-[A-Za-z0-9_-]{28}"),
    _shape("Azure key", "AccountKey=|SharedAccessKey=", rb"(AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,86}={1,2}"),
    _shape("Azure client secret", "Q~", _START + rb"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])"),
    # Services.
    _shape("GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", _START + rb"gh[pousr]_[A-Za-z0-9]{36}"),
    _shape("GitHub token", "github_pat_", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{50}"),
    _shape("GitLab token", "glpat-", rb"glpat-[A-Za-z0-9_-]{20}"),
    _shape("Slack token", "xox", _START + rb"xox[abeoprs]-[0-9]{8,}-[0-9A-Za-z-]{10,}"),
    _shape("Pulumi token", "pul-", _START + rb"pul-[0-9a-f]{40}" + _END),
    _shape("Hugging Face token", "hf_", _START + rb"hf_[A-Za-z0-9]{34}" + _END),
    _shape(
        "OpenAI or Anthropic key",
        "sk-",
        _START + rb"sk-((proj|svcacct|ant-[a-z]+\d\d)-[A-Za-z0-9_-]{32}|[A-Za-z0-9]{48})",
    ),
    _shape("NVIDIA key", "nvapi-", _START + rb"nvapi-[A-Za-z0-9_-]{60}"),
    _shape("Docker Hub token", "dckr_pat_", rb"dckr_pat_[A-Za-z0-9_-]{27}"),
    _shape("npm token", "npm_", _START + rb"npm_[A-Za-z0-9]{36}" + _END),
    _shape("PyPI token", "pypi-AgEI", rb"pypi-AgEI[A-Za-z0-9_-]{50}"),
    _shape("Stripe key", "_live_", _START + rb"[rs]k_live_[0-9A-Za-z]{24}"),
    _shape("Vault token", "hvs.|hvb.", _START + rb"hv[sb]\.[A-Za-z0-9_-]{24}"),
    _shape("SendGrid key", "SG.", _START + rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _END),
    # Protocols and files.
    _shape(
        "JSON Web Token",
        "eyJ",
        _START + rb"eyJ[A-Za-z0-9_-]{12,}\.eyJ[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{20,}",
        after=4096,
    ),
    _shape(
        "password in a URL",
        "://",
        rb"[a-z][a-z0-9+.-]{1,24}://[^\s\0/:@\"'`<>{}\[\]()$%,;|\\]{1,64}:[^\s\0/:@\"'`<>{}\[\]()$,;|\\]{3,128}@[A-Za-z0-9\[]",
        rb"(?i):(" + _PLACEHOLDER[4:] + rb")[0-9]{0,3}@.$|://(user(name)?|foo|usr):",
        before=24,
    ),
    _shape("registry password", '"auth"', rb"\"auth\"\s{0,4}:\s{0,4}\"[A-Za-z0-9+/]{12,}={0,2}\""),
    _shape(
        "kubeconfig client key",
        "client-key-data",
        rb"client-key-data[\"']?\s{0,4}:\s{0,4}[\"'|>-]*\s{0,16}[A-Za-z0-9+/]{32,}",
    ),
    _shape(
        "kubeconfig token or password",
        'user:|user"',
        rb"user\"?\s{0,4}:\s{0,8}\{?\s{0,16}\"?(token|password)\"?\s{0,4}:\s{0,4}[\"']?[A-Za-z0-9._~+/=-]{12,}",
    ),
    _shape(
        "authorization header",
        "uthorization|UTHORIZATION",
        rb"(?i)authorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(bearer|basic)\s+[A-Za-z0-9+/._~=-]{20,}",
    ),
    # Pulumi: what its passphrase provider wrote (sdk/go/common/resource/config/crypt.go: v1:nonce:ciphertext, base64).
    _shape("Pulumi ciphertext", "v1:", rb"(?<![A-Za-z0-9+/])v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{20,}={0,2}"),
)
