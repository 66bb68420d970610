"""TLS at the front door: where the certificates for https come from."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.edge.acme import Directory, DnsSection, Email
from mainstay.manifest.edge.certificate import CertificateSection
from mainstay.manifest.edge.eab import EabSection
from mainstay.manifest.scalars import SomeDuration, Text
from mainstay.model.acme import LETS_ENCRYPT, Acme
from mainstay.model.tls import CertificateFiles, Tls
from mainstay.model.value import SecretRef


class TlsSection(Section):
    """Where the certificates for `https` come from.

    off: there is no https · internal: from an authority of the environment, which clients must trust
    (`mainstay edge trust`) · files: certificates of your own · acme: from Let's Encrypt or another authority, which
    Mainstay requests and renews.
    """

    mode: Literal["off", "internal", "files", "acme"] = Field(examples=["internal"])
    """off: no https · internal: certificates from an authority of the environment · files: certificates of your own ·
    acme: certificates from Let's Encrypt or another authority."""

    certificate: Text | None = Field(default=None, examples=["/etc/ssl/shop.pem"])
    """Only with files: a PEM file with the certificate, then the intermediate certificates. When the file changes, the
    edge uses the new certificate within seconds, without a reload."""

    key: Text | None = Field(default=None, examples=["/etc/ssl/shop.key"])
    """Only with files: a PEM file with the private key."""

    certificates: tuple[CertificateSection, ...] = Field(
        default=(),
        examples=[
            [
                {"certificate": "/etc/ssl/shop.pem", "key": "/etc/ssl/shop.key"},
                {"certificate": "/etc/ssl/blog.pem", "key": "/etc/ssl/blog.key"},
            ]
        ],
    )
    """Only with files, instead of `certificate` and `key`: several certificates, each for different hosts. The edge
    chooses by their subject alternative names. A client that names no host, or a host that no certificate contains,
    gets the first certificate."""

    hsts: SomeDuration | None = Field(default=None, examples=["365d"])
    """Time for which a browser that has used https must not use http (header `Strict-Transport-Security`). Default: the
    edge does not send this header."""

    agree_terms: bool = Field(default=False, examples=[True])
    """Only with acme, where it must be true: whether you agree to the terms of the authority."""

    email: Email | None = Field(default=None, examples=["ops@shop.example"])
    """Only with acme: the e-mail address to which the authority sends warnings."""

    directory: Directory = Field(default=LETS_ENCRYPT, examples=[LETS_ENCRYPT])
    """Only with acme: the address of the authority. For trials, Let's Encrypt has one whose certificates no client
    trusts: `https://acme-staging-v02.api.letsencrypt.org/directory`."""

    ca: Text | None = Field(default=None, examples=["/etc/ssl/office-ca.pem"])
    """Only with acme: a PEM file with the certificate of the authority that signed the certificate of the server at
    `directory`. Default: the public authorities are trusted."""

    dns: DnsSection | None = Field(
        default=None, examples=[{"set": ["./dns", "add", "{name}", "{value}"], "clear": ["./dns", "remove", "{name}"]}]
    )
    """Only with acme: commands for DNS records by which the authority checks the hosts, instead of by requests to
    port 80. Hosts with `*` require this."""

    eab: EabSection | None = Field(default=None, examples=[{"key_id": "kid-7f3a", "key": "ACME_KEY"}])
    """Only with acme: your account at the authority, if the authority requires one that was made on its site."""

    def to_tls(self, folder: Path, secret: Callable[[str], SecretRef]) -> Tls | None:
        """Return the source of the certificates; None for off.

        Relative paths are relative to *folder*. *secret* returns the reference to a secret, given its name.
        """
        if self.mode == "off":
            return None
        first, *others = self._files(folder)
        return Tls(
            mode=self.mode,
            certificate=first.certificate,
            key=first.key,
            hsts_s=round(self.hsts or 0),
            acme=self._to_acme(folder, secret) if self.mode == "acme" else None,
            others=tuple(others),
        )

    def _files(self, folder: Path) -> tuple[CertificateFiles, ...]:
        one = CertificateFiles(_path(folder, self.certificate), _path(folder, self.key))
        return tuple(each.to_files(folder) for each in self.certificates) or (one,)

    def _to_acme(self, folder: Path, secret: Callable[[str], SecretRef]) -> Acme:
        eab = self.eab.to_external_account(secret) if self.eab else None
        dns = self.dns.to_dns_commands(folder) if self.dns else None
        return Acme(self.directory, self.email or "", _path(folder, self.ca), dns, eab)


def _path(folder: Path, written: str | None) -> str:
    return "" if written is None else str(folder / written)
