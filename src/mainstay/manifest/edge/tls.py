"""TLS at the front door."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import SomeDuration, Text
from mainstay.model.tls import Tls


class TlsSection(Section):
    """Where the certificate for `https` comes from.

    off: there is no https · internal: from an authority of the environment, which clients must trust
    (`mainstay edge trust`) · files: from a certificate of your own.
    """

    later: ClassVar[dict[str, str]] = {
        "email": "use `mode: files` with a certificate that an ACME client gets, such as certbot",
        "directory": "use `mode: files` with a certificate that an ACME client gets, such as certbot",
        "dns": "use `mode: files` with a certificate that an ACME client gets, such as certbot",
    }

    mode: Literal["off", "internal", "files"] = Field(examples=["internal"])
    """off, internal or files."""

    certificate: Text | None = Field(default=None, examples=["/etc/ssl/shop.pem"])
    """Only with files: a PEM file with the certificate and the intermediate ones. When it changes, the edge uses the
    new one within seconds, without a reload."""

    key: Text | None = Field(default=None, examples=["/etc/ssl/shop.key"])
    """Only with files: a PEM file with the private key."""

    hsts: SomeDuration | None = Field(default=None, examples=["365d"])
    """Time for which browsers that have used https must not use http (`Strict-Transport-Security`)."""

    def to_tls(self, folder: Path) -> Tls | None:
        """Return the source of the certificate; None for off. Relative paths are below *folder*."""
        if self.mode == "off":
            return None
        files = {"certificate": self.certificate, "key": self.key}
        paths = {name: str(folder / path) for name, path in files.items() if path is not None}
        return Tls(mode=self.mode, hsts_s=round(self.hsts or 0), **paths)
