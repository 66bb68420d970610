"""The operator's own certificates: read them from their files, and refuse those that cannot be used."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from mainstay.drivers.edge.haproxy.certificate_names import chosen_by, missing_hosts, names_in
from mainstay.errors import BadInput
from mainstay.model import Edge, Note
from mainstay.model.tls import CertificateFiles


class OwnCertificate(NamedTuple):
    """A certificate of the operator: its path, the parsed certificate, and the PEM for HAProxy, with chain and key."""

    path: str
    leaf: x509.Certificate
    pem: bytes


def read_all(edge: Edge) -> tuple[OwnCertificate, ...]:
    """Return the certificates whose files *edge* names; none unless the mode of `edge.tls` is files.

    Raises BadInput like `read_one`, when a host of the main front door has no certificate, and when a name has two.
    """
    if edge.tls is None or edge.tls.mode != "files":
        return ()
    found = tuple(map(read_one, edge.tls.files))
    if lacking := lacking_host(found, edge.hosts):
        raise lacking
    for one, other in combinations(found, 2):
        both = chosen_by(one.leaf) & chosen_by(other.leaf)
        # Certificates may share a common name that is no host, such as "CloudFlare Origin Certificate".
        for name in sorted(both & (names_in(one.leaf) | names_in(other.leaf))):
            what = f"{one.path} and {other.path} are both for {name}, so it is not certain which one clients get"
            raise unusable(what, "keep one of them in edge.tls")
    return found


def read_one(files: CertificateFiles) -> OwnCertificate:
    """Return the certificate in *files*.

    Raises BadInput when a file cannot be read, the certificates in it are in the wrong order, the key is not the
    certificate's, or the certificate is not valid now.
    """
    path, chain, key = files.certificate, _read(files.certificate), _read(files.key)
    leaf, now = _checked(files, chain, key), datetime.now(UTC)
    if leaf.not_valid_after_utc <= now:
        raise unusable(f"{path} expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "renew it")
    if leaf.not_valid_before_utc > now:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        raise unusable(f"{path} is not valid before {begins}", "wait, or correct the clock of this machine")
    return OwnCertificate(path, leaf, chain.rstrip() + b"\n" + key)


def usable(edge: Edge, stored: Sequence[bytes]) -> tuple[list[OwnCertificate], list[Note]]:
    """Return the certificate to serve for each of the files that *edge* names, and the problems with the files.

    *stored* are the previous certificates in PEM, empty where there is none. The previous certificate is served if the
    new files cannot be used, or if it covers a host that the new certificates lack. Raises BadInput like `read_one` if
    files cannot be used and there is no previous certificate for them.
    """
    assert edge.tls is not None
    chosen, problems = [], []
    previous = [_parsed(files, pem) for files, pem in zip(edge.tls.files, stored, strict=True)]
    for files, old in zip(edge.tls.files, previous, strict=True):
        try:
            chosen.append(read_one(files))
        except BadInput as error:
            if old is None:
                raise
            chosen.append(old)
            problems.append(_note(error, old_is_used=True))
    if lacking := lacking_host(chosen, edge.hosts):
        missing = missing_hosts([each.leaf for each in chosen], edge.hosts)
        restored = [old if _helps(old, missing) else new for old, new in zip(previous, chosen, strict=True)]
        problems.append(_note(lacking, old_is_used=restored != chosen))
        chosen = [each for each in restored if each is not None]
    return chosen, problems


def _parsed(files: CertificateFiles, pem: bytes) -> OwnCertificate | None:
    try:
        return OwnCertificate(files.certificate, x509.load_pem_x509_certificate(pem), pem)
    except ValueError:
        return None


def _helps(old: OwnCertificate | None, missing: Sequence[str]) -> bool:
    if old is None or old.leaf.not_valid_after_utc <= datetime.now(UTC):
        return False
    return len(missing_hosts([old.leaf], missing)) < len(missing)


def _note(error: BadInput, *, old_is_used: bool) -> Note:
    return Note(
        error.code, f"the old certificate is still used: {error.what}" if old_is_used else error.what, error.remedy
    )


def lacking_host(found: Iterable[OwnCertificate], hosts: Iterable[str]) -> BadInput | None:
    """Return the error for the first of *hosts* that no certificate in *found* covers; None when all are covered."""
    found = tuple(found)
    for host in missing_hosts([each.leaf for each in found], hosts):
        have = "; ".join(f"{each.path} is for {_shown(each.leaf)}" for each in found)
        return unusable(f"{have}, not for {host}", f"get a certificate for {host} too")
    return None


def read_authority(path: str) -> None:
    """Raise BadInput unless the file *path* contains a certificate."""
    try:
        x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise unusable(f"{path} contains no certificate in PEM", "name the file of the authority") from None


def unusable(what: str, remedy: str) -> BadInput:
    """Return the error that a certificate cannot be used."""
    return BadInput(what, remedy=remedy, code="certificate-unusable")


def _checked(files: CertificateFiles, chain: bytes, key: bytes) -> x509.Certificate:
    try:
        certificates = x509.load_pem_x509_certificates(chain)
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        what = f"{files.certificate} and {files.key} are not a certificate and its key in PEM, without a password"
        raise unusable(f"{what}: {str(error).splitlines()[0]}", "name the files that your authority gave you") from None
    owners = [_spki(each.public_key()) == _spki(private.public_key()) for each in certificates]
    if not any(owners):
        raise unusable(f"{files.key} is not the key of {files.certificate}", "name the key with which it was requested")
    if not owners[0] or not _in_order(certificates):
        what = f"the certificates in {files.certificate} are in the wrong order"
        raise unusable(what, "put the one of the key first, and after each one the one that signed it")
    return certificates[0]


def _in_order(certificates: list[x509.Certificate]) -> bool:
    """Return whether each certificate is directly followed by its signer, if the signer is among *certificates*."""
    for place, each in enumerate(certificates):
        signers = [at for at, other in enumerate(certificates) if other.subject == each.issuer]
        if each.issuer != each.subject and signers and place + 1 not in signers:
            return False
    return True


def _shown(leaf: x509.Certificate) -> str:
    return ", ".join(sorted(names_in(leaf))) or "no name"


def _spki(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined, no-any-return]  # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise unusable(f"{path} cannot be read: {error.strerror}", "correct edge.tls, or the file") from None
