"""CPU and memory limits of an instance, where the kernel can enforce them."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from mainstay.drivers.machine.instances.cgroups import ResourceLimits
from tests.drivers.machine.machine import PYTHON, Machine, member, worker

USE_200_MS_OF_CPU = """
import time
start = time.monotonic()
while time.process_time() < 0.2:
    pass
print(time.monotonic() - start, flush=True)
time.sleep(60)
"""


LIMITS = ResourceLimits(Path("/nowhere"))
LIMITS.close()
MEBIBYTE = 2**20
READ_LIMIT = """
import pathlib, time
for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
    number, kinds, path = line.split(":", 2)
    for mount, name in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        if "mainstay-" in path and mount in kinds.split(","):
            print(pathlib.Path(f"/sys/fs/cgroup/{mount}{path}/{name}").read_text().strip(), flush=True)
time.sleep(60)
"""
HEAP_LIMIT = "java -XX:+PrintFlagsFinal -version 2>/dev/null | awk '/ MaxHeapSize /{print $4}'; exec sleep 60"


needs_cpu_limits = pytest.mark.skipif(not LIMITS.enforces_cpu, reason="CPU limits cannot be enforced on this machine")
needs_memory_limits = pytest.mark.skipif(
    not LIMITS.enforces_memory, reason="memory limits cannot be enforced on this machine"
)


@needs_cpu_limits
@pytest.mark.root
def test_a_tenth_of_a_cpu_takes_ten_times_as_long(machine: Machine) -> None:
    machine.start_fleet(member(worker(PYTHON, "-c", USE_200_MS_OF_CPU, cpus=0.1)), service="worker")
    machine.wait_until(lambda: list(machine.target.logs("worker")), "its end")
    assert float(next(machine.target.logs("worker")).line) > 1
    assert "cpu-limits-ignored" not in [note.code for note in machine.target.fleet_status().notes]


@needs_cpu_limits
@pytest.mark.root
def test_the_cgroups_of_an_instance_are_removed_with_it(machine: Machine) -> None:
    (one,) = machine.start_fleet(member(worker("sleep", "60", cpus=0.5)), service="worker")
    groups = [path for path in groups_of(one.pid) if "mainstay-" in str(path)]
    assert [path for path in groups if not path.is_dir()] == []
    machine.end_fleet("worker")
    assert groups
    assert [path for path in groups if path.is_dir()] == []


@needs_memory_limits
@pytest.mark.root
def test_a_service_of_another_user_can_read_its_own_memory_limit(machine: Machine) -> None:
    limited = worker(PYTHON, "-c", READ_LIMIT, user="nobody", memory_bytes=256 * MEBIBYTE)
    machine.start_fleet(member(limited), service="worker")
    machine.wait_until(lambda: list(machine.target.logs("worker")), "the limit")
    assert next(machine.target.logs("worker")).line == str(256 * MEBIBYTE)


@needs_memory_limits
@pytest.mark.root
@pytest.mark.skipif(shutil.which("java") is None, reason="no Java is installed")
def test_a_jvm_sizes_its_heap_by_the_memory_limit_of_its_service(machine: Machine) -> None:
    limited = worker("sh", "-c", HEAP_LIMIT, user="nobody", memory_bytes=256 * MEBIBYTE)
    machine.start_fleet(member(limited), service="worker")
    machine.wait_until(lambda: list(machine.target.logs("worker")), "the size of the heap")
    assert int(next(machine.target.logs("worker")).line) <= 128 * MEBIBYTE


@pytest.fixture
def cgroup_v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of cgroups v2, in which this user may do everything."""
    monkeypatch.setattr("mainstay.drivers.machine.instances.cgroups._MOUNT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory\n")


@pytest.mark.usefixtures("cgroup_v2")
def test_cgroups_are_readable_by_every_user_whatever_the_umask() -> None:
    before = os.umask(0o077)
    try:
        (procs,) = map(Path, ResourceLimits(Path("/state")).groups("web-1-1", MEBIBYTE, 0.5))
    finally:
        os.umask(before)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in procs.parents[:2]] == [0o755, 0o755]


@pytest.mark.usefixtures("cgroup_v2")
def test_in_cgroup_v2_one_cgroup_has_both_limits() -> None:
    (procs,) = map(Path, ResourceLimits(Path("/state")).groups("web-1-1", 2**20, 0.5))
    assert (procs.parent / "memory.max").read_text() == str(2**20)
    assert (procs.parent / "cpu.max").read_text() == "50000 100000"
    assert (procs.parent.parent / "cgroup.subtree_control").read_text() == "+cpu"


@pytest.mark.usefixtures("cgroup_v2")
def test_without_a_cpu_limit_the_cpu_controller_is_not_enabled() -> None:
    (procs,) = map(Path, ResourceLimits(Path("/state")).groups("web-1-1", None, None))
    assert (procs.parent.parent / "cgroup.subtree_control").read_text() == "+memory"


def test_without_controllers_no_cgroup_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.drivers.machine.instances.cgroups._MOUNT", tmp_path / "none")
    limits = ResourceLimits(Path("/state"))
    assert limits.groups("web-1-1", 2**20, 0.5) == ()
    assert not limits.enforces_memory
    assert not limits.enforces_cpu


def groups_of(pid: int | None) -> list[Path]:
    """The control groups of a process."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    return [Path("/sys/fs/cgroup", kinds, path.lstrip("/")) for _, kinds, path in lines if path]
