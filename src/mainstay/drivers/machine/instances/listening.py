"""Where an instance listens, to detect one that ignores HOST and PORT."""

import os
import socket
import struct
from pathlib import Path

from mainstay.system.processes import LOOPBACK

_LISTENS = "0A"


def elsewhere(pids: tuple[int, ...], port: int) -> str:
    """Return the addresses where these processes listen instead of the loopback's *port*.

    Empty when they listen on that port, or do not listen at all.
    """
    ours = _sockets(pids)
    found = {f"{address}:{number}" for address, number, inode in _listening() if inode in ours}
    if not found or f"{LOOPBACK}:{port}" in found:
        return ""
    return ", ".join(sorted(found))


def _listening() -> list[tuple[str, int, str]]:
    found = []
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        try:
            lines = Path("/proc/net", name).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for words in (line.split() for line in lines):
            if words[3] == _LISTENS:
                address, _, port = words[1].partition(":")
                found.append((_readable(address, family), int(port, 16), words[9]))
    return found


def _readable(words: str, family: socket.AddressFamily) -> str:
    raw = b"".join(struct.pack("=I", int(words[i : i + 8], 16)) for i in range(0, len(words), 8))
    text = socket.inet_ntop(family, raw)
    return f"[{text}]" if family == socket.AF_INET6 else text


def _sockets(pids: tuple[int, ...]) -> frozenset[str]:
    found = set()
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            try:
                link = os.readlink(f"{folder}/{name}")
            except OSError:
                continue
            if link.startswith("socket:["):
                found.add(link[8:-1])
    return frozenset(found)
