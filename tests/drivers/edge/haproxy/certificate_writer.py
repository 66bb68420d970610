"""Write certificates for tests, from an authority that is not the environment's own."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mainstay.drivers.edge.haproxy.authority import issue, make_authority
from mainstay.system.state_dir import Folders


class WrittenCertificate(NamedTuple):
    """The paths of a certificate and of its key."""

    certificate: str
    key: str


def writer(folder: Path) -> Callable[..., WrittenCertificate]:
    """Return a function that writes `NAME.pem` and `NAME.key` into *folder*, given NAME and the names of a certificate.

    The certificate of the authority is `authority.pem` there.
    """
    another = Folders(folder / "another", folder)
    make_authority(another)

    def write(file: str, *names: str) -> WrittenCertificate:
        certificate, key = issue(another, names).split(b"-----BEGIN PRIVATE", 1)
        (folder / f"{file}.pem").write_bytes(certificate)
        (folder / f"{file}.key").write_bytes(b"-----BEGIN PRIVATE" + key)
        return WrittenCertificate(str(folder / f"{file}.pem"), str(folder / f"{file}.key"))

    return write
