"""Limits of one instance: processors by the kernel, where it lets us."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.supervisor.limits import Limits
from tests.supervisor.place import PYTHON, Place, a_place, member, worker

BUSY = """
import time
began = time.monotonic()
while time.process_time() < 0.2:
    pass
print(time.monotonic() - began, flush=True)
time.sleep(60)
"""


def processors_held() -> bool:
    """Whether this machine lets us limit processors."""
    limits = Limits(Path("/nowhere"))
    limits.close()
    return limits.hold_processors


needs_processors = pytest.mark.skipif(not processors_held(), reason="this machine lets us limit no processors")


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


@needs_processors
@pytest.mark.root
def test_who_may_have_a_tenth_of_a_processor_takes_ten_times_as_long(place: Place) -> None:
    place.up(member(worker(PYTHON, "-c", BUSY, cpus=0.1)), service="worker")
    place.until(lambda: list(place.target.logs("worker")), "its end")
    assert float(next(place.target.logs("worker")).line) > 1
    assert place.target.running().processors_held


@needs_processors
@pytest.mark.root
def test_its_groups_go_with_it(place: Place) -> None:
    (one,) = place.up(member(worker("sleep", "60", cpus=0.5)), service="worker")
    groups = [path for path in groups_of(one.pid) if "mainstay-" in str(path)]
    assert [path for path in groups if not path.is_dir()] == []
    place.target.fleet(1, {"worker": {}})
    place.until(lambda: not place.found(1, "worker"), "its end")
    assert groups
    assert [path for path in groups if path.is_dir()] == []


def test_in_the_second_version_one_group_has_both_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.supervisor.limits._MOUNT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory\n")
    (procs,) = map(Path, Limits(Path("/state")).groups("web-1-1", 2**20, 0.5))
    assert (procs.parent / "memory.max").read_text() == str(2**20)
    assert (procs.parent / "cpu.max").read_text() == "50000 100000"
    assert (procs.parent.parent / "cgroup.subtree_control").read_text() == "+cpu"


def test_without_limits_of_processors_all_share_them_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.supervisor.limits._MOUNT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory\n")
    (procs,) = map(Path, Limits(Path("/state")).groups("web-1-1", None, None))
    assert (procs.parent.parent / "cgroup.subtree_control").read_text() == "+memory"


def test_where_nothing_may_be_limited_there_are_no_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.supervisor.limits._MOUNT", tmp_path / "none")
    limits = Limits(Path("/state"))
    assert limits.groups("web-1-1", 2**20, 0.5) == ()
    assert not limits.hold_memory
    assert not limits.hold_processors


def groups_of(pid: int | None) -> list[Path]:
    """The control groups of a process."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    return [Path("/sys/fs/cgroup", kinds, path.lstrip("/")) for _, kinds, path in lines if path]
