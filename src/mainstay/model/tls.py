"""TLS at the front door."""

from typing import Literal

import msgspec

from mainstay.model.acme import Acme

TlsMode = Literal["internal", "files", "acme"]


class Tls(msgspec.Struct, frozen=True):
    """Where the certificate of the front door comes from."""

    mode: TlsMode = "internal"
    """internal: from an authority of the environment itself · files: from `certificate` and `key` · acme: from an
    authority that the supervisor requests it from."""
    certificate: str = ""
    """Absolute path of a PEM file: the certificate, then the intermediate ones."""
    key: str = ""
    """Absolute path of a PEM file with the private key."""
    hsts_s: int = 0
    """Seconds for which browsers must use https only; 0: no such header."""
    acme: Acme | None = None
    """Only with acme."""


class ServedCertificate(msgspec.Struct, frozen=True):
    """The certificate that clients of the front door get."""

    issuer: str
    names: tuple[str, ...]
    expires: str
    """The time until which it is valid, in UTC: `2027-02-25T12:00:00Z`."""
