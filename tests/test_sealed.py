"""Secrets rest encrypted, refuse to travel, and are never lost by two writers."""

import pickle
import threading
from pathlib import Path

import msgspec
import pytest

from mainstay.errors import BadInput
from mainstay.sealed import Sealed, SealedFile, Secret, SecretRef
from tests.contracts.sealed import SealedContract
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


def test_ten_writers_at_once_generate_one_secret_and_lose_none(sealed: SealedFile) -> None:
    made: list[SecretRef] = []

    def write(number: int) -> None:
        made.append(sealed.generate("SHARED", 64))
        sealed.keep(f"OWN_{number}", Secret(str(number)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(made) == {SecretRef("SHARED", 1)}
    assert [sealed.present(f"OWN_{number}") for number in range(10)] == [1] * 10


@pytest.mark.threat("S12")
def test_the_file_shows_nothing_and_only_its_owner_reads_it(sealed: SealedFile, tmp_path: Path) -> None:
    sealed.keep("TOKEN", Secret("hunter2-hunter2"))
    for path in (tmp_path / "state" / "secrets.age", tmp_path / "keys" / "secrets.key"):
        assert b"hunter2" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.failure("F49")
def test_a_key_that_is_gone_is_said_and_no_new_one_is_made(sealed: SealedFile, tmp_path: Path) -> None:
    sealed.keep("TOKEN", Secret("hunter2"))
    (tmp_path / "keys" / "secrets.key").unlink()
    with pytest.raises(BadInput, match=r"key of .* is gone"):
        sealed.keep("OTHER", Secret("x"))
    assert not (tmp_path / "keys" / "secrets.key").exists()


@pytest.mark.threat("S12")
def test_a_secret_refuses_to_travel() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret!r} {secret}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
