"""The key that signs the journal's head (Ed25519), made once; anyone checks with its public half."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mainstay.errors import JournalCorrupt
from mainstay.system.atomic_file import atomic_write, make_folder
from mainstay.system.state_dir import Folders


class PublicKey:
    """Tells whether a signature was made with the private half."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        """The key that lies at *path*."""
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
    """Signs the journal's head; never leaves the keys' folder."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = PublicKey(key.public_key())

    @classmethod
    def of(cls, folders: Folders) -> "SigningKey":
        """The key of an environment. Where there is none it is made (0600), its public half beside it.

        Called under the lock: two makers would each keep another key.
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
    return JournalCorrupt(f"the journal's key {path} cannot be read", remedy="put it back from its recovery copy")
