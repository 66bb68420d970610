"""The journal's head: a second, signed file that names one row, so that lost or changed rows are detected."""

import os
from pathlib import Path

import msgspec

from mainstay.history.journal import GENESIS, Signer, Verdict, Verifier

HEAD_BYTES = 512
"""One disk sector: written atomically, and overwritten in place even on a full disk."""


class Head:
    """The file `{sequence, hash, signature}`: it names the last row that was signed, and is overwritten in place.

    The journal may have later rows, which only the hash chain links to the signed row. It must not have fewer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, sequence: int, kept: bytes, key: Signer) -> None:
        signature = key.sign(_signed(sequence, kept))
        text = msgspec.json.encode({"sequence": sequence, "hash": kept.hex(), "signature": signature.hex()})
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o644)
        try:
            os.pwrite(file, text.ljust(HEAD_BYTES - 1) + b"\n", 0)
        finally:
            os.close(file)

    def against(self, hashes: list[bytes], key: Verifier | None) -> Verdict:
        """Return the verdict on whether a journal with these row *hashes* contains the row this head was signed for."""
        count = len(hashes)
        try:
            said = msgspec.json.decode(self.path.read_bytes(), type=_Said)
            kept, signature = bytes.fromhex(said.hash), bytes.fromhex(said.signature)
        except (OSError, ValueError):
            return Verdict(count, count + 1, f"{self.path} cannot be read, so rows may be missing")
        if key and not key.signed(_signed(said.sequence, kept), signature):
            return Verdict(count, said.sequence, f"{self.path} was not signed with this environment's key")
        if said.sequence > count:
            return Verdict(count, count + 1, f"rows {count + 1} to {said.sequence} are missing")
        if kept != [GENESIS, *hashes][said.sequence]:
            return Verdict(count, said.sequence, f"{self.path} was signed for another row {said.sequence}")
        return Verdict(count)


class _Said(msgspec.Struct, frozen=True):
    sequence: int
    hash: str
    signature: str


def _signed(sequence: int, kept: bytes) -> bytes:
    return b"mainstay journal head\n%d\n" % sequence + kept
