"""Pebble, a small ACME authority for tests, and its DNS server, in which tests set records."""

import json
import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from mainstay.drivers.edge.haproxy.authority import issue, make_authority
from mainstay.model.acme import Acme
from mainstay.system.state_dir import Folders
from tests.drivers.edge.haproxy.http_load import free_port

PROGRAMS = ("pebble", "pebble-challtestsrv")
STARTS_WITHIN_S = 20


@dataclass
class Pebble:
    """A running authority, which checks hosts at `http_port` of this machine."""

    acme: Acme
    management: int
    dns_management: int
    http_port: int
    log: Path
    root: Path

    def set_dns(self, call: str, **values: str) -> None:
        """Change a record: `set-txt` with host and value, `set-default-ipv4` with ip, `set-servfail` with host, …"""
        _post(f"http://127.0.0.1:{self.dns_management}/{call}", values)

    def lines(self, words: str) -> int:
        """Return in how many lines of its log *words* occur."""
        return self.log.read_text().count(words)


@contextmanager
def pebble(
    folder: Path, http_port: int, directory: int = 0, *, eab: dict[str, str] | None = None, **environment: str
) -> Iterator[Pebble]:
    """Run an authority that checks every host at *http_port* of this machine, and end it after the block.

    It listens on the port *directory* if given. With *eab*, it requires an external account: one of these keys, in
    base64url, by their identifiers.
    """
    if not all(map(shutil.which, PROGRAMS)):
        pytest.skip("pebble is not installed: apt-get install pebble")
    own = Folders(folder / "pebble", folder / "pebble")
    folder.joinpath("pebble").mkdir()
    make_authority(own)
    (folder / "pebble.pem").write_bytes(issue(own, ("127.0.0.1",)))
    directory = directory or free_port()
    management, dns, dns_management = (free_port() for _ in range(3))
    settings = {
        "listenAddress": f"127.0.0.1:{directory}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "pebble.pem"),
        "privateKey": str(folder / "pebble.pem"),
        "httpPort": http_port,
        "tlsPort": 1,
    }
    if eab:
        settings |= {"externalAccountBindingRequired": True, "externalAccountMACKeys": eab}
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    dns_words = ["-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{dns_management}", "-defaultIPv6", ""]
    others = ["-http01", "", "-https01", "", "-tlsalpn01", ""]
    words = ["-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}", "-strict"]
    acme = Acme(f"https://127.0.0.1:{directory}/dir", "ops@shop.example", str(own.authority))
    log = folder / "pebble.log"
    found = Pebble(acme, management, dns_management, http_port, log, folder / "root.pem")
    quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    dns_server = _process([PROGRAMS[1], *dns_words, *others], folder / "dns.log", {})
    with dns_server, _process([PROGRAMS[0], *words], log, quick | environment):
        found.root.write_bytes(_get(f"https://127.0.0.1:{management}/roots/0", str(own.authority)))
        yield found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """A pebble for all tests of a module that imports this fixture."""
    with pebble(tmp_path_factory.mktemp("pebble"), free_port()) as started:
        yield started


@contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _get(address: str, ca: str) -> bytes:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(address, context=ssl.create_default_context(cafile=ca)) as found:
            return bytes(found.read())
        time.sleep(0.02)
    raise AssertionError(f"{address} does not answer")


def _post(address: str, values: dict[str, str]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(address, json.dumps(values).encode()):
            return
        time.sleep(0.02)
    raise AssertionError(f"{address} does not answer")
