"""Find or issue the certificate of the front door, check it, store it for HAProxy, and renew it before it expires."""

import logging
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from mainstay.drivers.edge.acme.account_key import make_account_key, thumbprint
from mainstay.drivers.edge.acme.obtained import read_obtained
from mainstay.drivers.edge.haproxy.authority import issue, make_authority
from mainstay.drivers.edge.haproxy.config.acme_challenge import CHALLENGE, THUMBPRINT, answers_challenges
from mainstay.errors import BadInput
from mainstay.model import Edge
from mainstay.model.tls import ServedCertificate, Tls
from mainstay.system import processes
from mainstay.system.atomic_file import atomic_write
from mainstay.system.file_version import version_of
from mainstay.system.ports import LOOPBACK
from mainstay.system.state_dir import Folders

log = logging.getLogger(__name__)

PEM = "door.pem"
"""The file of the certificate and its key, in the edge's folder."""
RENEWED_BEFORE = timedelta(days=30)
"""The time before its expiry at which a certificate of the environment's own authority is replaced."""
LOCAL = ("localhost", LOOPBACK, "::1")
VERIFIED_FOR_S = 3600.0
"""Seconds after which a certificate is verified again although its files have not changed, because it may expire."""


class DoorCertificate:
    """The certificate of the front door of one environment."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self.problem: BadInput | None = None
        """Why the wanted certificate cannot be used, so that the previous one is served; None when it can be used."""
        self.served: ServedCertificate | None = None
        """The certificate that clients get; None without TLS and before the first `store`."""
        self._verified: tuple[object, bytes] | None = None
        """What the last successful verification depended on, and its certificate and key."""
        self._verified_until = 0.0

    def store(self, edge: Edge) -> bytes | None:
        """Return the certificate and key to serve now, in PEM, and store them for HAProxy's next start.

        None without TLS. When the wanted certificate cannot be used, set `problem` and return the previous one. Raises
        BadInput when there is no previous one.
        """
        self.problem = None
        if edge.tls is None:
            self.served = None
            return None
        try:
            pem = self._stored(edge, edge.tls)
        except BadInput as error:
            path = self._folders.edge / PEM
            if not path.exists():
                raise
            self.problem = error
            pem = path.read_bytes()
        self.served = served_certificate(pem)
        return pem

    def _stored(self, edge: Edge, tls: Tls) -> bytes:
        """Return what `store_certificate` returns. Files that have not changed are not read and verified again."""
        folders = self._folders
        own = (folders.edge / PEM, folders.authority, folders.account_key, folders.obtained)
        versions = [version_of(path) for path in (*own, tls.certificate, tls.key)]
        basis = (edge, names_of(edge), versions)
        now = processes.boottime()
        if self._verified is None or self._verified[0] != basis or now >= self._verified_until:
            self._verified = None
            self._verified = (basis, store_certificate(edge, tls, folders))
            self._verified_until = now + VERIFIED_FOR_S
        return self._verified[1]


def names_of(edge: Edge) -> tuple[str, ...]:
    """Return the names for a certificate of the own authority: those of routes, redirects and the machine."""
    hosts = [*(route.host for route in edge.routes), *(each.host for each in edge.redirects)]
    address = [edge.address] if edge.address not in {"0.0.0.0", "::"} else []
    return tuple(dict.fromkeys(name for name in (*hosts, *address, socket.gethostname(), *LOCAL) if name))


def store_certificate(edge: Edge, tls: Tls, folders: Folders) -> bytes:
    """Return the certificate and key to serve now, in PEM, and store them for HAProxy's next start.

    A certificate of the environment's own authority is replaced 30 days before it expires. Raises BadInput, without a
    change to the stored certificate, when *tls* names files that cannot be used.
    """
    path = folders.edge / PEM
    kept = path.read_bytes() if path.exists() else b""
    match tls.mode:
        case "files":
            wanted = read_files(tls, edge)
        case "acme":
            wanted = _obtained(kept, edge, folders)
        case "internal":
            wanted = kept if _still_good(kept, edge, folders) else _issue(edge, folders)
    if wanted != kept:
        folders.edge.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_write(path, wanted, 0o600)
    return wanted


def read_files(tls: Tls, edge: Edge) -> bytes:
    """Return the certificates and the key in the files that *tls* names, in PEM.

    Raises BadInput when a file cannot be read, the key is not the certificate's, the certificate has expired, or it
    lacks the host of a route.
    """
    chain, key = _read(tls.certificate), _read(tls.key)
    try:
        leaf = x509.load_pem_x509_certificate(chain)
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        what = f"{tls.certificate} and {tls.key} are not a certificate and its key in PEM, without a password"
        raise _unusable(
            f"{what}: {str(error).splitlines()[0]}", "name the files that your authority gave you"
        ) from None
    if _spki(leaf.public_key()) != _spki(private.public_key()):
        raise _unusable(f"{tls.key} is not the key of {tls.certificate}", "name the key with which it was requested")
    if leaf.not_valid_after_utc <= datetime.now(UTC):
        raise _unusable(f"{tls.certificate} expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "renew it")
    for host in missing_hosts(leaf, (route.host for route in edge.routes)):
        shown = ", ".join(sorted(names_in(leaf))) or "no name"
        raise _unusable(f"{tls.certificate} is for {shown}, not for {host}", f"get a certificate for {host} too")
    return chain.rstrip() + b"\n" + key


def read_authority(path: str) -> None:
    """Raise BadInput unless the file *path* contains a certificate."""
    try:
        x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise _unusable(f"{path} contains no certificate in PEM", "name the file of the authority") from None


@lru_cache(maxsize=1)
def served_certificate(pem: bytes) -> ServedCertificate:
    """Return the issuer, names and expiry of the first certificate in *pem*."""
    leaf = x509.load_pem_x509_certificate(pem)
    issuer = [str(each.value) for each in leaf.issuer if each.oid in {NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}]
    ends = f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    return ServedCertificate(" ".join(issuer) or leaf.issuer.rfc4514_string(), tuple(sorted(names_in(leaf))), ends)


@lru_cache(maxsize=1)
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


def missing_hosts(leaf: x509.Certificate, hosts: Iterable[str]) -> list[str]:
    """Return those of *hosts* that neither a name nor a wildcard of the certificate *leaf* covers."""
    names = names_in(leaf)
    return sorted(host for host in {*hosts} - names if host and f"*.{host.partition('.')[2]}" not in names)


def names_in(leaf: x509.Certificate) -> set[str]:
    """Return the host names and addresses for which the certificate *leaf* is valid."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))}


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
    lasts = leaf.not_valid_after_utc > datetime.now(UTC) and not missing_hosts(leaf, edge.hosts)
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


def _spki(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined, no-any-return]  # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {error.strerror}", "correct edge.tls, or the file") from None


def _unusable(what: str, remedy: str) -> BadInput:
    return BadInput(what, remedy=remedy, code="certificate-unusable")
