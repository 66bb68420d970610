"""Whom services run as, what they reach, and what they must not read."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give services users of their own")


def test_a_service_runs_in_the_virtual_environment_that_its_build_made(anyones: Place) -> None:
    build = [["{python}", "-m", "venv", "--without-pip", ".venv"]]
    anyones.ship(Parrot(build=build, service={"command": [".venv/bin/python", "app.py"]}))
    assert anyones.get() == (200, "version 1")
    told = json.loads(anyones.get("/tell")[1])
    prefix = subprocess.run(["readlink", f"/proc/{told['pid']}/cwd"], capture_output=True, text=True, check=True).stdout
    assert Path(prefix.strip()).parent == anyones.state / "content"
    assert_whole(anyones)


def test_a_service_is_told_what_the_contract_says_and_nothing_else(anyones: Place) -> None:
    anyones.ship(Parrot())
    told = json.loads(anyones.get("/tell")[1])
    ours = {"MAINSTAY_RELEASE": "1", "MAINSTAY_VERSION": "1", "MAINSTAY_SERVICE": "web", "MAINSTAY_INSTANCE": "web-1-1"}
    assert {name: told[name] for name in ours} == ours
    others = {"HOST", "PORT", "PATH", "LANG", "TZ", "HOME", "TMPDIR", "MAINSTAY_VOLUME_POSTS"}
    python_itself = {"LC_CTYPE"}
    assert set(told) - {"says", "pid"} - python_itself == ours.keys() | others


@as_root
@pytest.mark.root
def test_a_program_in_a_closed_folder_is_named_before_anything_is_changed(place: Place) -> None:
    place.ship(Parrot("1"))
    closed = place.folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").symlink_to("/usr/bin/python3")
    place.holds(Parrot("2", service={"command": [str(closed / "python"), "app.py"]}))
    said = place.run("deploy", "--yes", ends=1)
    assert f"the permissions of {closed} do not allow it" in said.out + said.err, said
    assert assert_whole(place)["release"]["version"] == "1"


@as_root
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_service_reads_neither_state_nor_keys_nor_anothers_data(place: Place) -> None:
    place.ship(Parrot(token=True))
    pid = json.loads(place.get("/tell")[1])["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    uid = int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
    assert uid != 0
    key = next(place.keys.rglob("secrets.key"))
    closed = [
        place.state / name for name in ("journal.db", "secrets.age", "desired.json", "plans", "instances", "jobs")
    ]
    for path in (*closed, key):
        read = subprocess.run(["cat" if path.is_file() else "ls", path], user=uid, capture_output=True, check=False)
        assert b"Permission denied" in read.stderr, path
