"""A folder of logs."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the logs of the service `web`."""
    (tmp_path / "web").mkdir()
    return tmp_path / "web"


@pytest.fixture
def path(folder: Path) -> Path:
    """The log of the standard output of its first instance."""
    return folder / "web-1-1.out"
