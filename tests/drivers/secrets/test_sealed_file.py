"""Secrets are stored encrypted, cannot be serialised, and are not lost by concurrent writers."""

import pickle
import threading
from pathlib import Path

import msgspec
import pytest
from pyrage import x25519

from mainstay.drivers.secrets.sealed_file import Sealed, SealedFile
from mainstay.errors import BadInput
from mainstay.model import Secret, SecretRef
from tests.contracts.sealed_file import SealedContract
from tests.fakes.world import FakeSealed


@pytest.fixture
def sealed(tmp_path: Path) -> SealedFile:
    return SealedFile(tmp_path / "state" / "secrets.age", tmp_path / "keys" / "secrets.key")


class TestSealedFile(SealedContract):
    @pytest.fixture
    def sealed(self, tmp_path: Path) -> Sealed:
        return SealedFile(tmp_path / "state" / "secrets.age", tmp_path / "keys" / "secrets.key")


class TestFakeSealed(SealedContract):
    @pytest.fixture
    def sealed(self) -> Sealed:
        return FakeSealed()


def test_ten_concurrent_writers_generate_one_secret_and_lose_none(sealed: SealedFile) -> None:
    references: list[SecretRef] = []

    def write(number: int) -> None:
        references.append(sealed.generate("SHARED", 64))
        sealed.keep(f"OWN_{number}", Secret(str(number)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(references) == {SecretRef("SHARED", 1)}
    assert [sealed.present(f"OWN_{number}") for number in range(10)] == [1] * 10


@pytest.mark.threat("S12")
def test_stored_files_contain_no_value_and_only_the_owner_can_read_them(sealed: SealedFile, tmp_path: Path) -> None:
    sealed.keep("TOKEN", Secret("hunter2-hunter2"))
    sealed.keep("TOKEN", Secret("another"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["secrets.age", "secrets.key", "secrets.lock"]
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []
    assert [path for path in (*files, tmp_path / "keys") if path.stat().st_mode & 0o077] == []


def test_a_missing_version_is_named(sealed: SealedFile) -> None:
    sealed.keep("TOKEN", Secret("one"))
    with pytest.raises(BadInput, match="no secret version 2 of TOKEN") as missing:
        sealed.read(SecretRef("TOKEN", 2))
    assert missing.value.code == "secret-missing"


@pytest.mark.failure("F49")
def test_a_missing_key_is_reported_and_not_replaced(sealed: SealedFile, tmp_path: Path) -> None:
    sealed.keep("TOKEN", Secret("hunter2"))
    (tmp_path / "keys" / "secrets.key").unlink()
    with pytest.raises(BadInput, match=r"key of .* is missing") as missing:
        sealed.keep("OTHER", Secret("x"))
    assert missing.value.code == "secret-key-missing"
    assert "from its recovery copy" in missing.value.remedy
    assert not (tmp_path / "keys" / "secrets.key").exists()


@pytest.mark.failure("F49")
@pytest.mark.parametrize("key", [str(x25519.Identity.generate()), "no key"], ids=["another key", "no key at all"])
def test_a_wrong_key_is_reported_and_nothing_is_overwritten(sealed: SealedFile, tmp_path: Path, key: str) -> None:
    sealed.keep("TOKEN", Secret("hunter2"))
    before = (tmp_path / "state" / "secrets.age").read_bytes()
    (tmp_path / "keys" / "secrets.key").write_text(key)
    with pytest.raises(BadInput, match="cannot be opened with") as wrong:
        sealed.keep("OTHER", Secret("x"))
    assert (wrong.value.code, wrong.value.remedy[:11]) == ("secret-key-wrong", "restore the")
    assert (tmp_path / "state" / "secrets.age").read_bytes() == before


def test_an_unreadable_file_does_not_count_as_empty(sealed: SealedFile, tmp_path: Path) -> None:
    (tmp_path / "state" / "secrets.age").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        sealed.present("TOKEN")


@pytest.mark.threat("S12")
def test_a_secret_cannot_be_printed_or_serialised() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret!r} {secret}"
    for way in (pickle.dumps, msgspec.json.encode, vars):
        with pytest.raises(TypeError):
            way(secret)
