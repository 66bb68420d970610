"""Stored settings: readable by their owner only, and not lost by concurrent writers."""

import threading
from pathlib import Path

import pytest

from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.errors import BadInput


@pytest.fixture
def settings(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.json")


def setting(value: str) -> Setting:
    return Setting(value, "2026-01-05T12:00:00+00:00", "ann")


def test_settings_are_read_back_until_they_are_removed(settings: SettingsFile, tmp_path: Path) -> None:
    assert settings.read() == {}
    settings.change({"MODE": setting("a"), "NOTE": setting("")})
    settings.change({"MODE": setting("b")}, ["NOTE", "NOTHING"])
    assert settings.read() == {"MODE": setting("b")}
    assert (tmp_path / "settings.json").stat().st_mode & 0o777 == 0o600


def test_an_existing_value_is_not_replaced_by_an_added_one(settings: SettingsFile) -> None:
    settings.change({"MODE": setting("a")})
    settings.add({"MODE": setting("b"), "NOTE": setting("c")})
    assert {name: each.value for name, each in settings.read().items()} == {"MODE": "a", "NOTE": "c"}


def test_ten_concurrent_writers_lose_no_setting(settings: SettingsFile) -> None:
    writes = [lambda number=number: settings.change({f"NAME_{number}": setting("1")}) for number in range(10)]
    threads = [threading.Thread(target=write) for write in writes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(settings.read()) == 10


@pytest.mark.parametrize("damaged", [b"{", b"[]", b'{"MODE": 1}', b"\xff"], ids=["cut", "a list", "a number", "bytes"])
def test_a_damaged_file_is_named_and_not_overwritten(settings: SettingsFile, tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(damaged)
    with pytest.raises(BadInput, match=r"settings\.json cannot be read"):
        settings.change({"MODE": setting("a")})
    assert (tmp_path / "settings.json").read_bytes() == damaged
