"""The file of the desired state."""

import os
from pathlib import Path

import pytest

from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.store import read_desired, write_desired
from mainstay.errors import BadInput
from mainstay.model import Edge, Member, Workload


def test_the_desired_state_is_read_back_and_no_other_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "desired.json"
    assert read_desired(path) == Desired()
    desired = Desired(fence=3, fleet={"web": {41: Member(Workload("web", ("serve",)), 2, "1")}}, edge=Edge())
    write_desired(path, desired)
    assert read_desired(path) == desired
    assert os.listdir(tmp_path) == ["desired.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desired.json").write_text('{"format": 99}')
    with pytest.raises(BadInput, match="format 99"):
        read_desired(tmp_path / "desired.json")
