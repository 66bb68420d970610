"""The environment's own certificate authority, for front doors whose clients can be configured to trust it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mainstay.drivers.edge.acme.account_key import private_pem
from mainstay.model import Environment
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_dir import Folders

ROOT_DAYS, LEAF_DAYS = 3650, 90
BACKDATED = timedelta(hours=1)
"""How long before its creation a certificate becomes valid, for clients whose clock is behind."""


def make_authority(folders: Folders) -> None:
    """Create the key and the root certificate of the authority, valid for 10 years, unless both exist."""
    if folders.authority_key.exists() and folders.authority.exists():
        return
    folders.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _common_name(folders)[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    root = (
        _builder(subject, subject, key, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    atomic_write(folders.authority_key, private_pem(key), 0o600)
    atomic_write(folders.authority, root.public_bytes(serialization.Encoding.PEM), 0o644)


def _common_name(folders: Folders) -> str:
    """Return `Mainstay SYSTEM/ENVIRONMENT`, or the state folder's name in place of both before a first run."""
    try:
        environment = msgspec.json.decode(folders.environment.read_bytes(), type=Environment)
    except (OSError, msgspec.MsgspecError):
        return f"Mainstay {folders.state.name}"
    return f"Mainstay {environment.system}/{environment.name}"


def issue(folders: Folders, names: tuple[str, ...]) -> bytes:
    """Return a new certificate for *names* (host names and addresses), valid for 90 days, with its key, in PEM."""
    root = x509.load_pem_x509_certificate(folders.authority.read_bytes())
    signer = serialization.load_pem_private_key(folders.authority_key.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    leaf = (
        _builder(subject, root.subject, key, LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return leaf.public_bytes(serialization.Encoding.PEM) + private_pem(key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
