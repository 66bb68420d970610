"""Find or issue the certificates of the front door, store them for HAProxy, and renew them before they expire."""

import logging
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from mainstay.drivers.edge.acme.account_key import make_account_key, thumbprint
from mainstay.drivers.edge.acme.obtained import read_obtained
from mainstay.drivers.edge.haproxy.authority import issue, make_authority
from mainstay.drivers.edge.haproxy.certificate_files import usable
from mainstay.drivers.edge.haproxy.certificate_names import missing_hosts, names_in
from mainstay.drivers.edge.haproxy.config.acme_challenge import CHALLENGE, THUMBPRINT, answers_challenges
from mainstay.model import Edge, Note
from mainstay.model.tls import ServedCertificate
from mainstay.system import processes
from mainstay.system.atomic_file import atomic_write
from mainstay.system.file_version import version_of
from mainstay.system.ports import LOOPBACK
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

PEM = "door.pem"
"""The file of the default certificate and its key, in the edge's folder."""
RENEWED_BEFORE = timedelta(days=30)
"""The time before its expiry at which a certificate of the environment's own authority is replaced."""
LOCAL = ("localhost", LOOPBACK, "::1")
VERIFIED_FOR_S = 3600.0
"""Seconds after which certificates are verified again although their files have not changed: they may expire."""


class EdgeCertificates:
    """The certificates of the front door of one environment."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self.problems: tuple[Note, ...] = ()
        """The problems with the operator's certificate files. Where possible, previous certificates are served."""
        self.served: tuple[ServedCertificate, ...] = ()
        """The certificates that clients get, the default one first; empty without TLS and before the first `store`."""
        self._verified: tuple[object, CertificatesToServe] | None = None
        """What the last successful verification depended on, and its result."""
        self._verified_until = 0.0

    def store(self, edge: Edge) -> dict[str, bytes]:
        """Return the certificates to serve now by file name, each in PEM with its key, the default one first.

        Store them for HAProxy's next start. The result is empty without TLS. In place of certificates that cannot be
        used, return the previous ones and set `problems`. Raises BadInput when there is no previous one.
        """
        self.problems = ()
        found = self._stored(edge)
        self.problems, self.served = found.problems, tuple(map(served_certificate, found.pems.values()))
        return found.pems

    def remove_unused(self, edge: Edge) -> None:
        """Remove the stored certificates and lists unused by *edge*. Call it after HAProxy has loaded *edge*."""
        used = {PEM, *pem_names(edge), list_name(edge)}
        for path in (*self._folders.edge.glob("door-*.pem"), *self._folders.edge.glob("door-*.list")):
            if path.name not in used:
                path.unlink(missing_ok=True)

    def _stored(self, edge: Edge) -> "CertificatesToServe":
        """Return what `store_certificates` returns. Files that have not changed are not read and verified again."""
        basis, now = self._basis(edge), processes.boottime()
        if self._verified is None or self._verified[0] != basis or now >= self._verified_until:
            self._verified = None
            found = store_certificates(edge, self._folders)
            if found.problems:
                return found
            self._verified, self._verified_until = (basis, found), now + VERIFIED_FOR_S
        return self._verified[1]

    def _basis(self, edge: Edge) -> object:
        folders = self._folders
        files = edge.tls.files if edge.tls else ()
        paths = [folders.authority, folders.account_key, folders.obtained]
        paths += [folders.edge / name for name in pem_names(edge)]
        paths += [Path(path) for each in files for path in (each.certificate, each.key)]
        return edge, names_of(edge), [version_of(path) for path in paths]


class CertificatesToServe(NamedTuple):
    """The certificates to serve, and the problems with the configured files."""

    pems: dict[str, bytes]
    """By file name, each certificate in PEM with its key."""
    problems: tuple[Note, ...] = ()
    """The problems with the operator's certificate files. Where possible, previous certificates are served."""


def pem_names(edge: Edge) -> tuple[str, ...]:
    """Return the names of the files of certificates with their keys, in the edge's folder; empty without TLS."""
    if edge.tls is None:
        return ()
    return (PEM, *(f"door-{number}.pem" for number in range(2, len(edge.tls.files) + 1)))


def list_name(edge: Edge) -> str:
    """Return the name of the file that lists several certificates for HAProxy; empty if there is at most one.

    The name contains the number of certificates, so that HAProxy's configuration changes with that number.
    """
    number = len(pem_names(edge))
    return f"door-{number}.list" if number > 1 else ""


def names_of(edge: Edge) -> tuple[str, ...]:
    """Return the names for a certificate of the environment's own authority.

    These are the hosts of routes and redirects, the edge's address, and the names and addresses of this machine.
    """
    hosts = [*(route.host for route in edge.routes), *(each.host for each in edge.redirects)]
    address = [edge.address] if edge.address not in {"0.0.0.0", "::"} else []
    return tuple(dict.fromkeys(name for name in (*hosts, *address, socket.gethostname(), *LOCAL) if name))


def store_certificates(edge: Edge, folders: Folders) -> CertificatesToServe:
    """Return the certificates to serve now, and store them for HAProxy's next start.

    A certificate of the environment's own authority is replaced 30 days before it expires. Raises BadInput, without a
    change to the stored certificates, when *edge* names files that cannot be used and there is no previous certificate
    to serve in their place.
    """
    names = pem_names(edge)
    stored = {name: _content(folders.edge / name) for name in names}
    match edge.tls.mode if edge.tls else None:
        case "files":
            found = _from_files(edge, stored)
        case "acme":
            found = CertificatesToServe({PEM: _obtained(stored[PEM], edge, folders)})
        case "internal":
            kept = stored[PEM]
            found = CertificatesToServe({PEM: kept if _still_good(kept, edge, folders) else _issue(edge, folders)})
        case None:
            return CertificatesToServe({})
    files = dict(found.pems)
    if listed := list_name(edge):
        files[listed] = "".join(f"{name}\n" for name in names).encode()
    for name, content in files.items():
        if _content(folders.edge / name) != content:
            folders.edge.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write(folders.edge / name, content, 0o600)
    return found


def _from_files(edge: Edge, stored: Mapping[str, bytes]) -> CertificatesToServe:
    chosen, problems = usable(edge, [*stored.values()])
    return CertificatesToServe(dict(zip(stored, (each.pem for each in chosen), strict=True)), tuple(problems))


@lru_cache(maxsize=256)
def served_certificate(pem: bytes) -> ServedCertificate:
    """Return the issuer, names and expiry of the first certificate in *pem*."""
    leaf = x509.load_pem_x509_certificate(pem)
    issuer = [str(each.value) for each in leaf.issuer if each.oid in {NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}]
    ends = f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    return ServedCertificate(" ".join(issuer) or leaf.issuer.rfc4514_string(), tuple(sorted(names_in(leaf))), ends)


@lru_cache(maxsize=256)
def fingerprint(pem: bytes) -> str:
    """Return the SHA-1 fingerprint of the first certificate in *pem*, as HAProxy shows it."""
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA1()).hex().upper()


def challenge_map(edge: Edge, folders: Folders) -> dict[str, dict[str, str]]:
    """Return the map for HTTP-01 challenges, by the name of its file; empty when the front door answers none."""
    if not answers_challenges(edge):
        return {}
    try:
        return {CHALLENGE: {THUMBPRINT: thumbprint(folders.account_key)}}
    except (OSError, ValueError) as error:  # The ACME request reads the key too, fails and is reported.
        log.error("the key of the account cannot be read: %s", error)
        return {CHALLENGE: {}}


def _obtained(kept: bytes, edge: Edge, folders: Folders) -> bytes:
    """Return the certificate that the ACME authority issued.

    Before there is one, return the previous certificate *kept* if it is valid for the hosts, else a new one from the
    environment's own authority.
    """
    make_account_key(folders.account_key)
    if found := read_obtained(folders.obtained):
        return found.pem.encode()
    try:
        leaf = x509.load_pem_x509_certificate(kept)
    except ValueError:
        return _issue(edge, folders)
    lasts = leaf.not_valid_after_utc > datetime.now(UTC) and not missing_hosts([leaf], edge.hosts)
    return kept if lasts else _issue(edge, folders)


def _issue(edge: Edge, folders: Folders) -> bytes:
    make_authority(folders)
    return issue(folders, names_of(edge))


def _still_good(kept: bytes, edge: Edge, folders: Folders) -> bool:
    """Return whether *kept* is from the environment's own authority, has every name and is valid for 30 more days."""
    if not folders.authority.exists():
        return False
    try:
        leaf = x509.load_pem_x509_certificate(kept)
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(folders.authority.read_bytes()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    lasts = leaf.not_valid_after_utc - datetime.now(UTC) > RENEWED_BEFORE
    return lasts and names_in(leaf) >= set(names_of(edge))


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
