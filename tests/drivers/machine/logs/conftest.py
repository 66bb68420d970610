"""A folder of logs."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the logs of the service `web`."""
    (tmp_path / "web").mkdir()
    return tmp_path / "web"
