"""Trees that services run from: sealed against writes, and removed."""

import os
from pathlib import Path

import pytest

from mainstay.system import sealed_tree


def test_sealed_files_can_be_read_but_not_written(app: Path) -> None:
    sealed_tree.seal(app)
    mode = (app / "app.py").stat().st_mode & 0o777
    assert mode & 0o022 == 0
    assert mode & (0o044 if os.geteuid() == 0 else 0o400)
    assert os.geteuid() == 0 or mode & 0o200 == 0


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_sealed_files_of_a_build_belong_to_root_and_every_user_can_read_them(app: Path) -> None:
    given = {"package": 0o2700, "app.py": 0o600, "run.sh": 0o4700, "package/__init__.py": 0o666}
    for name, mode in given.items():
        (app / name).chmod(mode)
    sealed_tree.give(app, 65534, 65534)
    sealed_tree.seal(app)
    assert {path.lstat().st_uid for path in [app, *app.rglob("*")]} == {0}
    modes = {name: (app / name).stat().st_mode & 0o7777 for name in given}
    assert modes == {"package": 0o755, "app.py": 0o644, "run.sh": 0o755, "package/__init__.py": 0o644}


def test_sealed_files_can_be_removed(app: Path) -> None:
    sealed_tree.seal(app)
    sealed_tree.remove(app)
    sealed_tree.remove(app)
    assert not app.exists()
