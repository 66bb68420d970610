"""The section of one certificate of your own: the files with the certificate and its private key."""

from pathlib import Path

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import Text
from mainstay.model.tls import CertificateFiles


class CertificateSection(Section):
    """One certificate of the list `certificates`: the files with the certificate and its private key."""

    certificate: Text = Field(examples=["/etc/ssl/shop.pem"])
    """A PEM file with the certificate, then the intermediate certificates."""

    key: Text = Field(examples=["/etc/ssl/shop.key"])
    """A PEM file with the private key."""

    def to_files(self, folder: Path) -> CertificateFiles:
        """Return the absolute paths of the two files; relative paths are relative to *folder*."""
        return CertificateFiles(str(folder / self.certificate), str(folder / self.key))
