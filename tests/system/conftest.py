"""A folder tree with one entry of each kind."""

from pathlib import Path

import pytest


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "package" / "empty").mkdir(parents=True)
    (folder / "app.py").write_text("print(1)")
    (folder / "package" / "__init__.py").write_text("")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("package/__init__.py")
    return folder
