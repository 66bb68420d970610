"""Read and write the files for an environment's ACME certificate with its key, and for failed attempts in a row."""

import contextlib
from pathlib import Path

import msgspec
from cryptography import x509

from mainstay.drivers.edge.acme.renewal import Certificate, FailedAttempts
from mainstay.system.atomic_file import atomic_write


class Obtained(msgspec.Struct, frozen=True):
    """An issued certificate.

    `directory` is the ACME directory URL of its authority; `pem` has the certificate, then the intermediate
    certificates, then the private key.
    """

    directory: str
    pem: str

    def certificate(self) -> Certificate:
        """Return the authority, host names and validity period, which decide when the certificate is renewed.

        Raises ValueError or x509.ExtensionNotFound when `pem` is unusable.
        """
        leaf = x509.load_pem_x509_certificate(self.pem.encode())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return Certificate(
            self.directory,
            frozenset(names.get_values_for_type(x509.DNSName)),
            leaf.not_valid_before_utc.timestamp(),
            leaf.not_valid_after_utc.timestamp(),
        )


def read_obtained(path: Path) -> Obtained | None:
    """Return the certificate in the file *path*; None when the file is missing or its content is unusable."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Obtained)
        found.certificate()
    except (OSError, ValueError, x509.ExtensionNotFound):
        return None
    return found


def keep_obtained(path: Path, obtained: Obtained) -> None:
    """Write *obtained* to the file *path*, readable by its owner only."""
    atomic_write(path, msgspec.json.encode(obtained), 0o600)


def read_failed(path: Path) -> FailedAttempts | None:
    """Return the failed attempts in the file *path*; None when the file is missing or unreadable."""
    with contextlib.suppress(OSError, ValueError):
        return msgspec.json.decode(path.read_bytes(), type=FailedAttempts)
    return None


def keep_failed(path: Path, failed: FailedAttempts | None) -> None:
    """Write *failed* to the file *path*; remove the file when *failed* is None."""
    if failed is None:
        path.unlink(missing_ok=True)
    else:
        atomic_write(path, msgspec.json.encode(failed))
