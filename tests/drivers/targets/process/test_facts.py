"""The interpreter that a plan uses on this machine."""

import dataclasses
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.targets.process.facts import facts
from mainstay.drivers.targets.process.host import Host
from mainstay.system.command import Shell
from tests.fakes.files import host_of
from tests.fakes.world import fake_world


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return host_of(fake_world(tmp_path))


def python(host: Host) -> str:
    return facts(host, (), (), "").python


def test_without_a_path_no_interpreter_is_searched(host: Host) -> None:
    assert facts(host, (), (), None).python == ""


def test_the_interpreter_does_not_depend_on_the_path_of_the_shell(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = python(host)
    shim = tmp_path / "shims" / "python3"
    shim.parent.mkdir()
    shim.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(shim.parent))
    assert python(host) == before
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "gone"))
    host = dataclasses.replace(host, shell=Shell())
    assert python(host) in {"/usr/local/bin/python3", "/usr/bin/python3"}


def test_an_interpreter_that_others_cannot_reach_is_not_chosen(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python3").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "_base_executable", str(closed / "python3"))
    assert python(host) == str(closed / "python3")
    of_others = replace(host.environment, user="nobody")
    host = dataclasses.replace(host, environment=of_others, shell=Shell())
    assert not python(host).startswith(str(closed))
