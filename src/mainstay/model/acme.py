"""Settings of certificates by ACME (RFC 8555): the authority, the account there, and the proof by DNS records."""

import msgspec

from mainstay.model.value import SecretRef

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

CERTIFICATE_FAILED = "certificate-failed"
"""The code of the note that reports that the last request for a certificate failed."""


class DnsCommands(msgspec.Struct, frozen=True):
    """The commands that add and remove the DNS record by which the authority checks a host. They run without a shell.

    In each argument, `{name}` is the name of the TXT record, without a dot at its end, and `{value}` its value.
    """

    set: tuple[str, ...]
    clear: tuple[str, ...]
    wait_s: float = 30.0
    """Seconds that Mainstay waits after `set`, so that the record reaches the name servers before the check."""


class ExternalAccount(msgspec.Struct, frozen=True):
    """The account that the operator has at the authority, to which the environment's account is bound (EAB)."""

    key_id: str
    key: SecretRef
    """The HMAC key, in base64url."""


class Acme(msgspec.Struct, frozen=True):
    """The authority that issues the certificates, and the account there."""

    directory: str = LETS_ENCRYPT
    email: str = ""
    """The e-mail address to which the authority sends warnings; empty: none."""
    ca: str = ""
    """Absolute path of a PEM file with the authority that Mainstay trusts when it connects to `directory`; empty: the
    public authorities."""
    dns: DnsCommands | None = None
    """The commands for checks by DNS record; None: the authority checks each host by a request to its port 80."""
    eab: ExternalAccount | None = None
    """The operator's account at the authority; None: the authority requires none."""
