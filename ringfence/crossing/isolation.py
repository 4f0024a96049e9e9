"""A process without a way out: a network namespace with a loopback and nothing else, and a count of who tried to leave.

Owns: entering it and reading the kernel's counters. It is for tests and the demo: no carry-in depends on it.
`python -m ringfence.crossing.isolation COMMAND...` runs a command in one, and says on stderr how often it tried.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h


def allowed() -> bool:
    """Whether this user may make a network namespace."""
    return bool(shutil.which("unshare")) and subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0


def inside(*command: str) -> list[str]:
    """A command line that runs another one with no way out."""
    return ["unshare", "-n", sys.executable, "-m", "ringfence.crossing.isolation", *command]


def loopback_up() -> None:
    """Bring up `lo`: a new namespace has it down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(handle, _SIOCGIFFLAGS, request))
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def attempts() -> int:
    """How often this namespace was asked for a route that it does not have, by IPv4 and by IPv6 (proc(5), net/snmp)."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")]
    four = int(dict(zip(*lines, strict=True))["OutNoRoutes"])
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return four + int(six.get("Ip6OutNoRoutes", 0))


def main() -> int:
    """Run a command; its exit code."""
    loopback_up()
    before = attempts()
    done = subprocess.run(sys.argv[1:], check=False)
    print(f"isolation: {attempts() - before} attempts to leave", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
