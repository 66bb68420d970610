"""TLS at the front door: where certificates come from, and which ones clients get."""

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
    """internal: from an authority of the environment itself · files: from `files` · acme: from an authority from
    which the supervisor requests them."""
    certificate: str = ""
    """Only with files: absolute path of a PEM file with the default certificate, then the intermediate ones. A client
    that names no host, or one that no certificate has, gets it."""
    key: str = ""
    """Only with files: absolute path of a PEM file with the private key of `certificate`."""
    hsts_s: int = 0
    """Seconds for which browsers must use https only (`Strict-Transport-Security`); 0: the header is not sent."""
    acme: Acme | None = None
    """Only with acme: the authority and the account there."""
    others: tuple[CertificateFiles, ...] = ()
    """Only with files: further certificates. A client that names a host gets the certificate with that name."""

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
        """The names for which the certificate is valid, as shown to users."""
        return ", ".join(self.names) or "no name"
