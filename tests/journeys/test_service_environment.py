"""The user, the variables and the readable files of a service."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each service its own user")


def test_a_service_runs_in_the_virtual_environment_that_its_build_made(any_sandbox: Sandbox) -> None:
    build = [["{python}", "-m", "venv", "--without-pip", ".venv"]]
    any_sandbox.ship(WebApp(build=build, service={"command": [".venv/bin/python", "app.py"]}))
    assert any_sandbox.get() == (200, "version 1")
    environment = json.loads(any_sandbox.get("/environment")[1])
    prefix = subprocess.run(
        ["readlink", f"/proc/{environment['pid']}/cwd"], capture_output=True, text=True, check=True
    ).stdout
    assert Path(prefix.strip()).parent == any_sandbox.state / "content"
    assert_consistent(any_sandbox)


def test_a_service_gets_the_variables_of_the_contract_and_no_others(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp())
    environment = json.loads(any_sandbox.get("/environment")[1])
    expected = {
        "MAINSTAY_RELEASE": "1",
        "MAINSTAY_VERSION": "1",
        "MAINSTAY_SERVICE": "web",
        "MAINSTAY_INSTANCE": "web-1-1",
    }
    assert {name: environment[name] for name in expected} == expected
    others = {"HOST", "PORT", "PATH", "LANG", "TZ", "HOME", "TMPDIR", "MAINSTAY_VOLUME_POSTS"}
    python_itself = {"LC_CTYPE"}
    assert set(environment) - {"message", "pid"} - python_itself == expected.keys() | others


@as_root
@pytest.mark.root
def test_a_program_in_a_closed_folder_is_named_before_anything_is_changed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    closed = sandbox.folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").symlink_to("/usr/bin/python3")
    sandbox.write(WebApp("2", service={"command": [str(closed / "python"), "app.py"]}))
    result = sandbox.run("deploy", "--yes", code=1)
    assert f"the permissions of {closed} do not allow it" in result.out + result.err, result
    assert assert_consistent(sandbox)["release"]["version"] == "1"


@as_root
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_service_cannot_read_state_keys_or_other_services_data(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(token=True))
    pid = json.loads(sandbox.get("/environment")[1])["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    uid = int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
    assert uid != 0
    key = next(sandbox.keys.rglob("secrets.key"))
    closed = [
        sandbox.state / name for name in ("journal.db", "secrets.age", "desired.json", "plans", "instances", "jobs")
    ]
    for path in (*closed, key):
        read = subprocess.run(["cat" if path.is_file() else "ls", path], user=uid, capture_output=True, check=False)
        assert b"Permission denied" in read.stderr, path
