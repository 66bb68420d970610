from pathlib import Path

import pytest

from mainstay.system.state_dir import Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "state", tmp_path / "keys")
