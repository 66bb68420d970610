"""Another machine: a network namespace, connected to this one by a pair of virtual interfaces."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

_TRY = """
import json, socket, sys
def connects(port):
    try:
        with socket.create_connection((sys.argv[1], port), 5):
            return True
    except ConnectionRefusedError:
        return False
print(json.dumps({port: connects(port) for port in json.loads(sys.argv[2])}))
"""


class OtherMachine:
    """Reaches this machine at `address`."""

    def __init__(self, name: str, address: str) -> None:
        self._name, self.address = name, address

    def run(self, *command: str) -> str:
        """Run *command* there, and return its output."""
        return subprocess.run(
            ["ip", "netns", "exec", self._name, *command], check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def reached(self, ports: Iterable[int]) -> set[int]:
        """Return those of *ports* of this machine that accept a connection from there."""
        found = json.loads(self.run(sys.executable, "-c", _TRY, self.address, json.dumps(sorted(ports))))
        return {int(port) for port, connected in found.items() if connected}


@contextmanager
def other_machine() -> Iterator[OtherMachine]:
    """Connect another machine for the length of the block; skip the test where that is not possible."""
    name, network = f"ms-{os.getpid()}", f"198.18.{os.getpid() % 256}"
    here = f"{name}-a"[-15:]
    commands = (
        f"ip netns add {name}",
        f"ip link add {here} type veth peer name other netns {name}",
        f"ip address add {network}.1/30 dev {here}",
        f"ip link set {here} up",
        f"ip -n {name} address add {network}.2/30 dev other",
        f"ip -n {name} link set other up",
    )
    try:
        for command in commands:
            _ip(command)
        yield OtherMachine(name, f"{network}.1")
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(command: str) -> None:
    try:
        result = subprocess.run(command.split(), check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("the program ip is not installed")
    if result.returncode != 0:
        pytest.skip(f"{command}: {result.stderr.strip()}")
