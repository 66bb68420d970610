"""The journal's head: a second, signed file that names one row and its hash, to detect lost or changed rows."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from mainstay.history.journal import GENESIS, Signer, Verification, Verifier

HEAD_BYTES = 512
"""The size of the file: one disk sector, which is written atomically, and in place even on a full disk."""


class Head:
    """The file `{sequence, hash, signature}`: it names the last row that was signed, and is overwritten in place.

    The journal may have later rows, which only the hash chain links to the signed row. It must not have fewer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, sequence: int, kept: bytes, key: Signer) -> None:
        """Sign the row *sequence*, whose stored hash is *kept*, and write the head; it is durable when this returns."""
        signature = key.sign(_signed(sequence, kept))
        text = msgspec.json.encode({"sequence": sequence, "hash": kept.hex(), "signature": signature.hex()})
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o644)
        try:
            os.pwrite(file, text.ljust(HEAD_BYTES - 1) + b"\n", 0)
        finally:
            os.close(file)

    def verify(self, last: int, hash_of: Callable[[int], bytes | None], key: Verifier | None) -> Verification:
        """Verify that the journal contains the signed row, and return the result.

        If it does, `rows` of the result is the sequence of the signed row: later rows are not verified. The journal
        ends with row *last*; *hash_of* returns the stored hash of a row. Without *key* the signature is not verified.
        """
        try:
            content = msgspec.json.decode(self.path.read_bytes(), type=_Content)
            signed, signature = bytes.fromhex(content.hash), bytes.fromhex(content.signature)
        except (OSError, ValueError):
            return Verification(last, last + 1, f"{self.path} cannot be read, so rows may be missing")
        sequence = content.sequence
        if key and not key.signed(_signed(sequence, signed), signature):
            return Verification(last, sequence, f"{self.path} was not signed with this environment's key")
        if sequence > last:
            return Verification(last, last + 1, f"rows {last + 1} to {sequence} are missing")
        if signed != (hash_of(sequence) if sequence else GENESIS):
            return Verification(last, sequence, f"{self.path} was signed for another row {sequence}")
        return Verification(sequence)


class _Content(msgspec.Struct, frozen=True):
    sequence: int
    hash: str
    signature: str


def _signed(sequence: int, kept: bytes) -> bytes:
    return b"mainstay journal head\n%d\n" % sequence + kept
