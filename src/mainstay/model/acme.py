"""A certificate authority that issues certificates by ACME (RFC 8555), and how it checks who owns a host."""

import msgspec

from mainstay.model.value import SecretRef

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

CERTIFICATE_FAILED = "certificate-failed"
"""The code of the note that the last request for a certificate failed."""


class DnsCommands(msgspec.Struct, frozen=True):
    """The commands that add and remove the DNS record by which the authority checks a host. No shell reads them.

    In each argument, `{name}` is the name of the TXT record, without a dot at its end, and `{value}` its value.
    """

    set: tuple[str, ...]
    clear: tuple[str, ...]
    wait_s: float = 30.0
    """Seconds between `set` and the check, in which the record reaches the name servers."""


class ExternalAccount(msgspec.Struct, frozen=True):
    """The account that the operator has at the authority, to which the environment's account is bound (EAB)."""

    key_id: str
    key: SecretRef
    """The HMAC key, in base64url."""


class Acme(msgspec.Struct, frozen=True):
    """The authority that issues the certificates, and the account there."""

    directory: str = LETS_ENCRYPT
    email: str = ""
    """Where the authority sends warnings; may be empty."""
    ca: str = ""
    """Absolute path of a PEM file with the authority that signed the certificate of `directory` itself; empty: the
    public authorities are trusted."""
    dns: DnsCommands | None = None
    """None: the authority checks each host by a request to its port 80."""
    eab: ExternalAccount | None = None
    """None: the authority needs no account that was made elsewhere."""
