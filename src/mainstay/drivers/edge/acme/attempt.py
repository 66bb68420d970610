"""The attempt to obtain a certificate: the input that the supervisor gives to the program that requests it."""

import hashlib
from pathlib import Path

import msgspec

from mainstay.drivers.edge.acme.obtained import read_obtained
from mainstay.drivers.edge.acme.renewal import due_at
from mainstay.model.acme import Acme
from mainstay.system.state_dir import Folders


class Attempt(msgspec.Struct, frozen=True):
    """A request for a certificate: the authority, the host names, and the environment's folders `state` and `keys`."""

    acme: Acme
    names: tuple[str, ...]
    state: str
    keys: str

    @property
    def folders(self) -> Folders:
        """The folders of the environment."""
        return Folders(Path(self.state), Path(self.keys))

    @property
    def id(self) -> str:
        """A hash of all fields. Failed attempts are counted per id, so a changed request starts without a pause."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def due_at(self) -> float:
        """Return when to request the certificate, in seconds since 1970.

        0 (at once) when the stored certificate is missing, is from another authority or lacks one of the names.
        """
        found = read_obtained(self.folders.obtained)
        return due_at(found.certificate() if found else None, self.acme.directory, frozenset(self.names))


def required_names(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return *hosts* without each host that a wildcard among them covers.

    Authorities refuse an order that contains both a wildcard and a host that it covers.
    """
    return tuple(host for host in hosts if f"*.{host.partition('.')[2]}" not in hosts or host.startswith("*."))
