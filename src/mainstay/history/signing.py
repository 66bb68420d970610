"""The Ed25519 key that signs the journal's head, and its public half, which verifies the signature."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mainstay.errors import JournalCorrupt
from mainstay.system.atomic_file import atomic_write, make_folder
from mainstay.system.state_dir import Folders


class PublicKey:
    """The public half of the key; verifies that a signature was made with the private half."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        """Return the key in the file *path*. Raises JournalCorrupt when it cannot be read."""
        try:
            return cls(Ed25519PublicKey.from_public_bytes(bytes.fromhex(path.read_text())))
        except (OSError, ValueError) as reason:
            raise _unreadable(path) from reason

    def signed(self, data: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The private key that signs the journal's head; it is stored only in the keys' folder."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = PublicKey(key.public_key())

    @classmethod
    def of(cls, folders: Folders) -> "SigningKey":
        """Return the key of an environment; create its file (mode 0600) or that of its public half (0644) if missing.

        Raises JournalCorrupt when the key cannot be read. Call this under the lock: otherwise two processes could each
        create and use a different key.
        """
        if not folders.signing_key.exists():
            make_folder(folders.keys, 0o700)
            atomic_write(folders.signing_key, _written(Ed25519PrivateKey.generate().private_bytes_raw()))
        try:
            key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(folders.signing_key.read_text()))
        except (OSError, ValueError) as reason:
            raise _unreadable(folders.signing_key) from reason
        if not folders.public_key.exists():
            atomic_write(folders.public_key, _written(key.public_key().public_bytes_raw()), 0o644)
        return cls(key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def signed(self, data: bytes, signature: bytes) -> bool:
        return self._public.signed(data, signature)


def _written(key: bytes) -> bytes:
    return f"{key.hex()}\n".encode()


def _unreadable(path: Path) -> JournalCorrupt:
    return JournalCorrupt(f"the journal's key {path} cannot be read", remedy="restore it from its recovery copy")
