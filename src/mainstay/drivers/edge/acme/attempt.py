"""What the supervisor gives to the program that requests a certificate."""

import hashlib
from pathlib import Path

import msgspec

from mainstay.drivers.edge.acme.obtained import read_obtained
from mainstay.drivers.edge.acme.renewal import due_at
from mainstay.model.acme import Acme
from mainstay.system.state_dir import Folders


class Attempt(msgspec.Struct, frozen=True):
    """A request for a certificate for `names`, for the environment with the folders `state` and `keys`."""

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
        """Differs between requests for other names, or to another authority."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def due_at(self) -> float:
        """Return when the certificate is due by what the environment has, in seconds since 1970; 0: there is none."""
        found = read_obtained(self.folders.obtained)
        return due_at(found.certificate() if found else None, self.acme.directory, frozenset(self.names))


def required_names(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return *hosts* without those that a wildcard of them covers, which authorities refuse beside it."""
    return tuple(host for host in hosts if f"*.{host.partition('.')[2]}" not in hosts or host.startswith("*."))
