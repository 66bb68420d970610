"""The supervisor process: one for each environment, with enough open files."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.supervisor import __main__ as supervisor
from tests.drivers.machine.machine import Machine, member, service

Limit = tuple[int, int]
MOST = (65536, 65536)


def test_a_second_supervisor_exits_and_the_first_one_stays(machine: Machine) -> None:
    machine.target.start()
    before = machine.supervisor()
    state, keys = str(machine.folders.state), str(machine.folders.keys)
    command = [sys.executable, "-m", "mainstay.drivers.machine.supervisor", "--state", state, "--keys", keys]
    subprocess.run(command, capture_output=True, check=True)
    assert machine.supervisor() == before


def limit_after_start(monkeypatch: pytest.MonkeyPatch, before: Limit, *, allowed: bool = True) -> Limit:
    """The limits of open files of a supervisor that was started with the limits *before*."""
    limits = [before]

    def set_limit(_: int, wanted: Limit) -> None:
        if wanted[1] > limits[-1][1] and not allowed:
            raise ValueError("not allowed to raise maximum limit")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    supervisor._allow_open_files()
    return limits[-1]


def test_the_hard_limit_of_the_operators_shell_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_after_start(monkeypatch, (1024, 4096)) == MOST


@pytest.mark.parametrize("hard", [65536, 1048576, resource.RLIM_INFINITY])
def test_a_sufficient_hard_limit_is_kept_and_the_soft_one_is_raised(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    assert limit_after_start(monkeypatch, (1024, hard)) == (65536, hard)


def test_without_permission_the_soft_limit_is_raised_to_the_hard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_after_start(monkeypatch, (1024, 4096), allowed=False) == (4096, 4096)


def test_a_higher_soft_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_after_start(monkeypatch, (500_000, 1_000_000)) == (500_000, 1_000_000)


@pytest.fixture
def low_soft_limit() -> Iterator[int]:
    """Start processes with a low soft limit; return the hard one."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_supervisor_may_open_more_files_than_the_shell_allows_and_services_keep_their_own_limit(
    low_soft_limit: int, machine: Machine
) -> None:
    (one,) = machine.start_fleet(member(replace(service(), open_files=512)))
    started = machine.supervisor()
    assert started
    assert one.pid
    soft, hard = resource.prlimit(started.pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, 65536) > 1024
    assert hard >= low_soft_limit
    assert resource.prlimit(one.pid, resource.RLIMIT_NOFILE) == (512, 512)
