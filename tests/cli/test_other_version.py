"""Commands refuse state that another version wrote: they name the file and the remedy, and change nothing."""

from pathlib import Path

import msgspec
import pytest

from mainstay.history.events import Ended, Event, Planned, encode
from mainstay.history.signing import SigningKey
from mainstay.history.sqlite import SqliteJournal
from mainstay.model import Environment
from mainstay.operations.context import write_environment
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import Folders, create_folders
from tests.cli.program import Result, mainstay
from tests.shop import first_plan

MANIFEST = """
system: shop
version: 1.0.0
services:
  web: {source: ., command: [sh, -c, exec sleep 60], port: 8000}
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """The state of an environment whose supervisor does not run, and in which no run has begun."""
    (tmp_path / "mainstay.yaml").write_text(MANIFEST)
    folders = Folders(Path(f"{tmp_path}-state"), tmp_path / "keys")
    create_folders(folders)
    write_environment(Environment("shop", "local", "process", str(folders.state), str(folders.keys)), folders)
    return folders


def record(folders: Folders, plan: bytes, *later: Event) -> None:
    """Record a run with *plan*, and what happened in it *later*; without an end it is unfinished."""
    journal = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
    planned = Planned("deploy", msgspec.Raw(plan), "1", 1, None, "safe", "ana", 1, serves_after=1)
    journal.append("r-0001", *map(encode, (planned, *later)), sign=True)
    journal.close()


def require_refused(result: Result, file: Path | str, state: Path | str) -> None:
    assert f"this version of Mainstay cannot read {file}, which another version wrote" in result.err
    assert f"mainstay down --data with the version that wrote it, or move {state} away" in result.err
    assert result.code == 2, result.err


@pytest.mark.parametrize(
    "command", ["status", "history", "up", "deploy", "down", "start", "resume", "abort", "logs web"]
)
@pytest.mark.parametrize("content", ['{"system": "shop"}', '{"format": 1}', "not JSON"])
def test_an_environment_file_of_another_version_is_refused_by_every_command(
    tmp_path: Path, command: str, content: str
) -> None:
    (tmp_path / "mainstay.yaml").write_text(MANIFEST)
    environment = Path(f"{tmp_path}-state", "environment.json")
    environment.parent.mkdir()
    environment.write_text(content)
    require_refused(mainstay(tmp_path, *command.split()), environment, environment.parent)
    assert list(environment.parent.iterdir()) == [environment]


@pytest.mark.parametrize("command", ["status", "up --yes", "start", "down", "resume", "abort"])
@pytest.mark.parametrize("content", ['{"format": 1}', '{"format": 2, "fence": "x"}'], ids=["format", "content"])
def test_the_desired_state_of_another_version_is_refused_at_once(
    tmp_path: Path, folders: Folders, command: str, content: str
) -> None:
    later = (Ended("released"),) if command in {"start", "down"} else ()
    if command != "up --yes":
        record(folders, msgspec.json.encode(first_plan()), *later)
    folders.desired.write_text(content)
    require_refused(mainstay(tmp_path, *command.split()), folders.desired, folders.state)
    assert not folders.supervisor_log.exists()


@pytest.mark.parametrize("command", ["resume", "abort"])
@pytest.mark.parametrize("plan", [b"{}", b'{"phases": [{"name": "prepare", "ranks": [[{"kind": "gone"}]]}]}'])
def test_a_stored_plan_of_another_version_is_refused(
    tmp_path: Path, folders: Folders, command: str, plan: bytes
) -> None:
    record(folders, plan)
    require_refused(mainstay(tmp_path, command), f"run r-0001 in {folders.journal}", folders.state)


def test_a_plan_file_of_another_version_is_refused(tmp_path: Path, folders: Folders) -> None:
    folders.plans.mkdir(exist_ok=True)
    (folders.plans / "abc.json").write_text("{}")
    require_refused(mainstay(tmp_path, "deploy", "--plan", "abc"), folders.plans / "abc.json", folders.state)
