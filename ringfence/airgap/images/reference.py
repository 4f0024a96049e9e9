"""Names of images and of other OCI artefacts, read strictly.

Owns: the grammar of a reference (distribution/reference: [host[:port]/]path[:tag][@sha256:digest]) and its one
normal spelling. Refuses to own: whether a name is there in any registry (ringfence.airgap.registry).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:localhost|\[[0-9a-fA-F:]+\]|(?:{_LABEL}\.)+[a-zA-Z0-9-]+)(?::[0-9]+)?|[a-z0-9-]+:[0-9]+"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
_WHOLE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?"
)
_IN_TEXT = re.compile(
    rf"(?<![\w./:@-])(?:oci://)?((?:{_HOST})/{_COMPONENT}(?:/{_COMPONENT})*(?::{_TAG}(?:@{_DIGEST})?|@{_DIGEST}))(?![\w/@-])"
)
DEFAULT_HOST = "docker.io"
DEFAULT_TAG = "latest"


@dataclass(frozen=True, order=True)
class Reference:
    """One OCI artefact by name. `tag` or `digest` is set; with both, the digest decides and the tag is a note."""

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """Host and path."""
        return f"{self.host}/{self.path}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"


def parse(text: str, *, pinned: bool = True) -> Reference | None:
    """The reference that `text` spells, in normal form: docker.io and library/ written out, `latest` said.

    None where it is no reference: upper case in the path, a placeholder, a URL. With `pinned`, a name without tag and
    digest gets the tag `latest`, which is what every client would pull; else it gets none.
    """
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    host, path, tag, digest = found.group("host", "path", "tag", "digest")
    if host is None or host == "index.docker.io":
        host = DEFAULT_HOST
    if host == DEFAULT_HOST and "/" not in path:
        path = f"library/{path}"
    if tag is None and digest is None and pinned:
        tag = DEFAULT_TAG
    return Reference(host, path, tag, digest)


def in_text(text: str) -> list[Reference]:
    """Every reference in running text that nobody could take for something else: with a host, and a tag or digest."""
    found = (parse(match.group(1)) for match in _IN_TEXT.finditer(text))
    return [reference for reference in found if reference is not None and not _is_address(reference)]


def _is_address(reference: Reference) -> bool:
    """host/path:80 is a part of a URL without its scheme, unless it has several parts of a path."""
    return reference.digest is None and (reference.tag or "").isdigit() and "." not in reference.host
