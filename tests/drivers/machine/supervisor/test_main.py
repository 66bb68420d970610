"""The supervisor process: one for each environment, with enough open files."""

import resource
import subprocess
import sys

import pytest

from mainstay.drivers.machine.supervisor import __main__ as supervisor
from tests.drivers.machine.machine import Machine

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
    """The limit of open files of a supervisor that was started with *before*."""
    limits = [before]

    def set_limit(_: int, wanted: Limit) -> None:
        if not allowed:
            raise ValueError("not allowed to raise maximum limit")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    supervisor._allow_open_files()
    return limits[-1]


def test_the_hard_limit_of_the_operators_shell_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_after_start(monkeypatch, (1024, 4096)) == MOST


@pytest.mark.parametrize("hard", [65536, 1048576, resource.RLIM_INFINITY])
def test_a_sufficient_hard_limit_is_kept(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    assert limit_after_start(monkeypatch, (1024, hard)) == (1024, hard)


def test_without_permission_the_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_after_start(monkeypatch, (1024, 4096), allowed=False) == (1024, 4096)
