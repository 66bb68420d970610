"""The key that signs the journal's head: created once, private, and reported when it cannot be read."""

from pathlib import Path

import pytest

from mainstay.errors import JournalCorrupt
from mainstay.history.signing import PublicKey, SigningKey
from mainstay.system.state_dir import Folders


def test_the_key_is_created_once_and_its_public_half_verifies_signatures(folders: Folders) -> None:
    signature = SigningKey.of(folders).sign(b"head")
    assert SigningKey.of(folders).signed(b"head", signature)
    public = PublicKey.read(folders.public_key)
    assert (public.signed(b"head", signature), public.signed(b"another head", signature)) == (True, False)


def test_a_missing_public_half_is_created_from_the_key(folders: Folders) -> None:
    signature = SigningKey.of(folders).sign(b"head")
    folders.public_key.unlink()
    SigningKey.of(folders)
    assert PublicKey.read(folders.public_key).signed(b"head", signature)


@pytest.mark.threat("S12")
def test_other_users_can_read_only_the_public_half(folders: Folders) -> None:
    SigningKey.of(folders)
    modes = [path.stat().st_mode & 0o777 for path in (folders.keys, folders.signing_key, folders.public_key)]
    assert modes == [0o700, 0o600, 0o644]


@pytest.mark.parametrize("which", ["signing_key", "public_key"])
def test_an_unreadable_key_is_reported_and_not_replaced(folders: Folders, which: str) -> None:
    SigningKey.of(folders)
    damaged: Path = getattr(folders, which)
    damaged.write_text("no key")
    with pytest.raises(JournalCorrupt, match=f"{damaged} cannot be read"):
        PublicKey.read(damaged) if which == "public_key" else SigningKey.of(folders)
    assert damaged.read_text() == "no key"
