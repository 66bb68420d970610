"""System users: their names, and adding them while other programs add users."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from mainstay.errors import BadInput
from mainstay.system.clock import SystemClock
from mainstay.system.command import CommandResult, Shell
from mainstay.system.state_dir import short_id
from mainstay.system.users import TRIES, ensure, identity, known, name_for, removal

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can add users")
guarded_shell, clock = Shell(), SystemClock()


@dataclass
class FakeShell:
    """Runs `useradd`, which fails `refusals` times and then succeeds."""

    refusals: int
    commands: list[Sequence[str]] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    def __call__(self, command: Sequence[str]) -> CommandResult:
        self.commands.append(command)
        refused = len(self.commands) <= self.refusals
        return CommandResult(1, "", "cannot lock /etc/passwd") if refused else CommandResult(0, "", "")


@pytest.fixture
def name() -> Iterator[str]:
    """The name of a user that does not exist; removed after the test."""
    name = name_for("test", str(os.getpid()))
    yield name
    for command in (removal(name), ["groupdel", name]):
        subprocess.run(command, check=False, capture_output=True)


def test_an_existing_user_is_not_added() -> None:
    shell = FakeShell(0)
    ensure("root", shell, shell.paused.append)
    assert shell.commands == []


def test_a_failed_useradd_is_retried() -> None:
    shell = FakeShell(2)
    ensure("ms-unknown", shell, shell.paused.append)
    assert len(shell.commands) == 3
    assert len(shell.paused) == 2


def test_a_user_added_by_another_program_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = FakeShell(TRIES)

    def entry(name: str) -> None:
        if len(shell.commands) < 2:
            raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", entry)
    ensure("ms-unknown", shell, shell.paused.append)
    assert len(shell.commands) == 2


def test_the_final_error_has_the_reason_and_the_command() -> None:
    shell = FakeShell(TRIES)
    with pytest.raises(BadInput, match="cannot lock /etc/passwd") as refused:
        ensure("ms-unknown", shell, shell.paused.append)
    assert refused.value.remedy == " ".join(shell.commands[0])


def test_names_are_short_and_differ_by_state_folder() -> None:
    names = {name_for("a-system-with-a-long-name", short_id(place)) for place in ("/one", "/two")}
    assert len(names) == 2
    assert all(len(name) <= 31 and name.startswith("ms-a-system") for name in names)


@pytest.mark.root
@as_root
def test_an_added_user_cannot_log_in_has_no_home_and_a_group_of_its_own(name: str) -> None:
    ensure(name, guarded_shell, clock.pause)
    entry = pwd.getpwnam(name)
    assert (entry.pw_shell, entry.pw_dir) == ("/usr/sbin/nologin", "/nonexistent")
    assert grp.getgrgid(entry.pw_gid).gr_name == name
    assert entry.pw_uid < 1000
    assert guarded_shell(removal(name)).code == 0
    assert not known(name)


@pytest.mark.root
@as_root
def test_an_existing_group_of_the_same_name_is_used(name: str) -> None:
    subprocess.run(["groupadd", "--system", name], check=True)
    group = grp.getgrnam(name).gr_gid
    ensure(name, guarded_shell, clock.pause)
    assert pwd.getpwnam(name).pw_gid == group


@pytest.mark.root
@as_root
def test_an_identity_has_all_groups_of_its_user(name: str) -> None:
    ensure(name, guarded_shell, clock.pause)
    subprocess.run(["usermod", "--append", "--groups", "games", name], check=True)
    found = identity(name)
    assert found[:2] == (pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
    assert set(found.groups) == {found.gid, grp.getgrnam("games").gr_gid}
    assert set(guarded_shell(["id", "-G"], user=name).out.split()) == {str(group) for group in found.groups}


def test_without_a_name_the_identity_is_that_of_this_process() -> None:
    assert identity("") == (os.geteuid(), os.getegid(), tuple(os.getgroups()))
