"""Groups of the identity provider, as each cloud names them.

Owns: telling a cloud's own name for a group from ours. Refuses to own: looking groups up; a preview asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ringfence.planning.cloud import Unplannable

_NATIVE = {
    "azure": (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I), "the object id of an Entra group"),
    "gcp": (re.compile(r"[^@\s]+@[^@\s]+"), "the address of a Google group"),
}


def native_groups(cloud: str, groups: Iterable[str], principals: Mapping[str, str]) -> dict[str, str]:
    """Group to the cloud's own name for it: as `principals` says, or the group itself where it already is one.

    `cloud` is azure or gcp. Raises Unplannable for a group that has no such name: nobody could use its rights.
    """
    pattern, wanted = _NATIVE[cloud]
    found = {group: principals.get(group, group) for group in groups}
    unknown = sorted(group for group, native in found.items() if not pattern.fullmatch(native))
    if unknown:
        raise Unplannable(f"access: {cloud} does not know the groups {', '.join(unknown)}: give {wanted} for each")
    return found
