"""A certificate of the operator: the files with it and its key."""

from pathlib import Path

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import Text
from mainstay.model.tls import CertificateFiles


class CertificateSection(Section):
    """One of several certificates: a file with it, and a file with its key."""

    certificate: Text = Field(examples=["/etc/ssl/shop.pem"])
    """A PEM file with the certificate and the intermediate ones."""

    key: Text = Field(examples=["/etc/ssl/shop.key"])
    """A PEM file with the private key."""

    def to_files(self, folder: Path) -> CertificateFiles:
        """Return the absolute paths. Relative ones are below *folder*."""
        return CertificateFiles(str(folder / self.certificate), str(folder / self.key))
