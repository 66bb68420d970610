"""System users: their names, and adding them while others add theirs."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from mainstay.errors import BadInput
from mainstay.system.clock import SystemClock
from mainstay.system.command import CommandResult, GuardedShell
from mainstay.system.state_dir import short_id
from mainstay.system.users import TRIES, ensure, identity, known, name_for, removal

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can add users")
shell, clock = GuardedShell(), SystemClock()


@dataclass
class Machine:
    """Refuses to add a user until it was asked often enough."""

    refusals: int
    asked: list[Sequence[str]] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    def __call__(self, command: Sequence[str]) -> CommandResult:
        self.asked.append(command)
        return (
            CommandResult(1, "", "cannot lock /etc/passwd")
            if len(self.asked) <= self.refusals
            else CommandResult(0, "", "")
        )


@pytest.fixture
def name() -> Iterator[str]:
    """A user that is not there, and is not there afterwards."""
    name = name_for("test", str(os.getpid()))
    yield name
    for command in (removal(name), ["groupdel", name]):
        subprocess.run(command, check=False, capture_output=True)


def test_a_user_that_is_known_is_not_added() -> None:
    machine = Machine(0)
    ensure("root", machine, machine.paused.append)
    assert machine.asked == []


def test_while_others_add_theirs_it_is_tried_again() -> None:
    machine = Machine(2)
    ensure("ms-nobody-knows", machine, machine.paused.append)
    assert len(machine.asked) == 3
    assert len(machine.paused) == 2


def test_one_that_somebody_else_has_added_meanwhile_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(TRIES)

    def entry(name: str) -> None:
        if len(machine.asked) < 2:
            raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", entry)
    ensure("ms-nobody-knows", machine, machine.paused.append)
    assert len(machine.asked) == 2


def test_what_cannot_be_added_is_said_with_its_reason_and_the_command() -> None:
    machine = Machine(TRIES)
    with pytest.raises(BadInput, match="cannot lock /etc/passwd") as refused:
        ensure("ms-nobody-knows", machine, machine.paused.append)
    assert refused.value.remedy == " ".join(machine.asked[0])


def test_names_are_short_enough_and_tell_places_apart() -> None:
    names = {name_for("a-system-with-a-long-name", short_id(place)) for place in ("/one", "/two")}
    assert len(names) == 2
    assert all(len(name) <= 31 and name.startswith("ms-a-system") for name in names)


@pytest.mark.root
@as_root
def test_an_added_user_cannot_log_in_has_no_home_and_a_group_of_its_own(name: str) -> None:
    ensure(name, shell, clock.pause)
    entry = pwd.getpwnam(name)
    assert (entry.pw_shell, entry.pw_dir) == ("/usr/sbin/nologin", "/nonexistent")
    assert grp.getgrgid(entry.pw_gid).gr_name == name
    assert entry.pw_uid < 1000
    assert shell(removal(name)).code == 0
    assert not known(name)


@pytest.mark.root
@as_root
def test_a_group_that_was_left_behind_is_taken_up(name: str) -> None:
    subprocess.run(["groupadd", "--system", name], check=True)
    group = grp.getgrnam(name).gr_gid
    ensure(name, shell, clock.pause)
    assert pwd.getpwnam(name).pw_gid == group


@pytest.mark.root
@as_root
def test_whoever_runs_as_a_user_has_all_its_groups(name: str) -> None:
    ensure(name, shell, clock.pause)
    subprocess.run(["usermod", "--append", "--groups", "games", name], check=True)
    whom = identity(name)
    assert whom[:2] == (pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
    assert set(whom.groups) == {whom.gid, grp.getgrnam("games").gr_gid}
    assert set(shell(["id", "-G"], user=name).out.split()) == {str(group) for group in whom.groups}


def test_nobody_named_is_whoever_runs_this() -> None:
    assert identity("") == (os.geteuid(), os.getegid(), tuple(os.getgroups()))
