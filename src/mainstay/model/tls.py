"""TLS at the front door."""

from typing import Literal

import msgspec

TlsMode = Literal["internal", "files"]


class Tls(msgspec.Struct, frozen=True):
    """Where the certificate of the front door comes from."""

    mode: TlsMode = "internal"
    """internal: from an authority of the environment itself · files: from `certificate` and `key`."""
    certificate: str = ""
    """Absolute path of a PEM file: the certificate, then the intermediate ones."""
    key: str = ""
    """Absolute path of a PEM file with the private key."""
    hsts_s: int = 0
    """Seconds for which browsers must use https only; 0: no such header."""
