"""The file of the desired state."""

import os
from pathlib import Path

import pytest

from mainstay.drivers.machine.state.desired import Desired
from mainstay.drivers.machine.state.store import Store
from mainstay.errors import BadInput
from mainstay.model import Edge, Member, Workload


def test_the_desired_state_is_read_back_and_no_other_file_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "desired.json")
    assert store.read() == Desired()
    desired = Desired(fence=3, fleet={"web": {41: Member(Workload("web", ("serve",)), 2, "1")}}, edge=Edge())
    store.write(desired)
    assert store.read() == desired
    assert os.listdir(tmp_path) == ["desired.json"]
    assert (tmp_path / "desired.json").stat().st_mode & 0o777 == 0o600


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desired.json").write_text('{"format": 99}')
    with pytest.raises(BadInput, match="format 99"):
        Store(tmp_path / "desired.json").read()
