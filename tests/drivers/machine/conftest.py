"""A machine of its own for each test that starts real processes, or only its folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.system.state_dir import Folders, create_folders
from tests.drivers.machine.machine import Machine, temporary_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    with temporary_machine() as machine:
        yield machine


@pytest.fixture
def sealed(machine: Machine) -> SealedFile:
    machine.folders.state.mkdir()
    return SealedFile(machine.folders.sealed, machine.folders.secret_key)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    create_folders(folders)
    return folders
