"""Create and read the private key of the environment's account at an authority. All orders use the same key."""

import hashlib
import json
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mainstay.system.atomic_file import atomic_write, make_folder


def make_account_key(path: Path) -> None:
    """Write a new key to the file *path*, readable by its owner only, unless the file exists."""
    if not path.exists():
        make_folder(path.parent, 0o700)
        atomic_write(path, new_key(), 0o600)


def new_key() -> bytes:
    """Return a new private key on the curve P-256, in PEM."""
    return private_pem(ec.generate_private_key(ec.SECP256R1()))


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return *key* in PEM, unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key in the file *path*.

    Raises OSError when the file cannot be read, ValueError when it contains no key on an elliptic curve.
    """
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is not a key on an elliptic curve")
    return key


def thumbprint(path: Path) -> str:
    """Return the thumbprint (RFC 7638) of the key in the file *path*. Raises what `read_key` raises.

    The front door answers an HTTP-01 challenge with the challenge's token, a dot and this thumbprint.
    """
    point = read_key(path).public_key().public_numbers()
    members = {"crv": "P-256", "kty": "EC", "x": _base64(_bytes(point.x)), "y": _base64(_bytes(point.y))}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64(hashlib.sha256(canonical.encode()).digest())


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
