"""No secret in any text: values that the program marked, in every spelling that a property may give them.

Owns: the spellings (plain, base64, URL-quoted, JSON) and the parts of connection strings and URLs. Refuses to own:
which values are secret (policy.values, the stack's configuration).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

SHOWN = "[secret]"
_SHORTEST = 4
"""Characters: a shorter secret would blot out ordinary words, and a message never quotes values this short."""
_SHORTEST_PART = 6
"""Characters: parts of a secret are cut out too, but not its ordinary words."""
_WORD = re.compile(r"[A-Za-z]{4,10}")
_ASSIGNED = re.compile(r"[;&\s,?]?\b[\w.-]{2,40}\s*=\s*(?P<value>[^;&\s,]+)")
_CREDENTIALS = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?P<secret>[^\s/@]+)(?=@)", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<before>(?<![\w/-])(?:password|passwd|pwd|secret|token|accountkey|sharedaccesskey|apikey|api[_-]key|access[_-]?key|sig)"
    r"\s*[=:]\s*[\"']?)(?P<secret>[^\s;&,\"']+)",
    re.IGNORECASE,
)

_TOKEN = re.compile(r"(?<![\w/:.-])(?:urn:\S*::)?[a-z][\w-]*:[\w.-]+(?:/[\w.-]+)?:$")
"""A type token up to its last part: `kubernetes:core/v1:` before Secret."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, and without what stands where a password stands in a URL or an assignment."""
    for spelling in sorted({each for secret in secrets for each in spellings(secret)}, key=len, reverse=True):
        if _WORD.fullmatch(spelling):
            # An ordinary word would be cut out of type tokens too: only where it stands alone.
            text = re.sub(rf"(?<![\w:/.-]){spelling}(?![\w:/-])", SHOWN, text)
        else:
            text = text.replace(spelling, SHOWN)
    text = _CREDENTIALS.sub(lambda found: found["before"] + SHOWN, text)
    return _NAMED.sub(_assigned, text)


def _assigned(found: re.Match[str]) -> str:
    """What is assigned to a name that calls it a secret, blotted out; a type token's last part is no such name."""
    return found[0] if _is_token(found) else found["before"] + SHOWN


def _is_token(found: re.Match[str]) -> bool:
    return found["before"][:1].isupper() and _TOKEN.search(found.string[: found.start()]) is not None


@lru_cache(maxsize=4096)
def spellings(secret: str) -> frozenset[str]:
    """Every text that would give the secret away."""
    if len(secret) < _SHORTEST:
        return frozenset()
    found = {secret, secret.strip(), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    found |= {repr(secret)[1:-1], *_base64(secret)}
    for part in _parts(secret):
        found |= {part, quote(part, safe=""), *_base64(part)}
    return frozenset(each for each in found if len(each) >= _SHORTEST)


def _parts(secret: str) -> set[str]:
    """Passwords inside a connection string or a URL, and the lines of a text of several."""
    parts = {found["value"] for found in _ASSIGNED.finditer(secret)}
    parts |= {found["secret"] for found in _CREDENTIALS.finditer(secret)}
    parts |= {line.strip() for line in secret.splitlines()} if "\n" in secret else set()
    return {part for part in parts if len(part) >= _SHORTEST_PART and part != secret}


def _base64(secret: str) -> set[str]:
    """The secret in base64 alone, and what is left of it when other text stands around it."""
    raw = secret.encode()
    found = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    found |= {each.rstrip("=") for each in found}
    for shift in (1, 2):
        shifted = base64.b64encode(b"\0" * shift + raw).decode()
        # The first characters hold bits of what stands before, the last ones of what stands after.
        found.add(shifted[4 if shift else 0 :].rstrip("=")[:-1])
    found.add(base64.b64encode(raw).decode().rstrip("=")[:-1])
    return {each for each in found if len(each) >= _SHORTEST_PART}
