"""The errors the command turns into a message and an exit code: bad input never shows a traceback.

Owns the two ways a command can end other than well. It does not own where an error is raised from, nor how it
is drawn: `ringfence.cli.main` does that.
"""

from __future__ import annotations

import errno


class RingfenceError(Exception):
    """Something was refused or failed. The message says where, what, what is allowed, and the next command.
    Exit code 1.
    """

    exit_code = 1


class UsageError(RingfenceError):
    """The command was used wrongly or its configuration is bad. Exit code 2."""

    exit_code = 2


def disk_is_full(error: OSError) -> bool:
    """Whether there was no room for what had to be written: on the disk, in a quota, or in the largest file allowed."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
