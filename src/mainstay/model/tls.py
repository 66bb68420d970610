"""TLS at the front door."""

from typing import Literal

import msgspec

from mainstay.model.acme import Acme

TlsMode = Literal["internal", "files", "acme"]


class CertificateFiles(msgspec.Struct, frozen=True):
    """The files of a certificate of the operator; both are absolute paths."""

    certificate: str
    """A PEM file: the certificate, then the intermediate ones."""
    key: str
    """A PEM file with the private key."""


class Tls(msgspec.Struct, frozen=True):
    """Where the certificates of the front door come from."""

    mode: TlsMode = "internal"
    """internal: from an authority of the environment itself · files: from `files` · acme: from an authority that the
    supervisor requests it from."""
    certificate: str = ""
    """The certificate that clients get for a name that no certificate has: absolute path of a PEM file with it, then
    the intermediate ones."""
    key: str = ""
    """Absolute path of a PEM file with its private key."""
    hsts_s: int = 0
    """Seconds for which browsers must use https only; 0: no such header."""
    acme: Acme | None = None
    """Only with acme."""
    others: tuple[CertificateFiles, ...] = ()
    """Further certificates. A client that names a host gets the one with that name."""

    @property
    def files(self) -> tuple[CertificateFiles, ...]:
        """The files of all certificates, with the default one first; empty unless `mode` is files."""
        return (CertificateFiles(self.certificate, self.key), *self.others) if self.mode == "files" else ()


class ServedCertificate(msgspec.Struct, frozen=True):
    """A certificate that clients of the front door get."""

    issuer: str
    names: tuple[str, ...]
    expires: str
    """The time until which it is valid, in UTC: `2027-02-25T12:00:00Z`."""

    @property
    def title(self) -> str:
        """The names for which it is valid, for people."""
        return ", ".join(self.names) or "no name"
