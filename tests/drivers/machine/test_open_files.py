"""The supervisor allows as many open files as services get by default, where it may."""

import resource

import pytest

from mainstay.drivers.machine.supervisor import __main__ as supervisor

Limit = tuple[int, int]
WHOLE = (65536, 65536)


def after(monkeypatch: pytest.MonkeyPatch, before: Limit, *, allowed: bool = True) -> Limit:
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
    assert after(monkeypatch, (1024, 4096)) == WHOLE


@pytest.mark.parametrize("hard", [65536, 1048576, resource.RLIM_INFINITY])
def test_a_hard_limit_that_suffices_stays(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    assert after(monkeypatch, (1024, hard)) == (1024, hard)


def test_without_permission_the_limit_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert after(monkeypatch, (1024, 4096), allowed=False) == (1024, 4096)
