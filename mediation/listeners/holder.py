"""Who holds a port that we wanted."""

from __future__ import annotations

import os
from pathlib import Path

_LISTEN = "0A"  # state of a listening socket in /proc/net/tcp


def port_holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """
    The process that listens on a TCP port, such as ``process 4711 (java)``.

    Reads all of ``/proc``: milliseconds to a tenth of a second, so call it from a thread. ``None`` where there is no
    ``/proc``, or when the process belongs to somebody else.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        try:
            if any(os.readlink(descriptor) in sockets for descriptor in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:  # it ended meanwhile, or is not ours to look into
            continue
    return None


def _listening_inodes(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            # sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
