"""Builds: once per content, as a job that survives its command, and restarted in an empty folder after a kill."""

import json
import zipfile
from pathlib import Path

from tests.journeys.command import Command
from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import Process, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

BUILDER = """
import os, pathlib, time
assert not pathlib.Path("half").exists(), "an earlier build left files"
pathlib.Path("half").write_text("started")
with open(os.environ["HOME"] + "/builds", "a") as builds:
    builds.write("started\\n")
time.sleep(1.5)
pathlib.Path("half").unlink()
pathlib.Path("message").write_text(pathlib.Path("message").read_text() + ", built")
"""
BUILT = WebApp("2", build=[["{python}", "build.py"]], builder=BUILDER)


def test_a_build_runs_once_for_its_content(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(BUILT, "up", "--yes")
    assert any_sandbox.get() == (200, "version 2, built")
    any_sandbox.ship(WebApp("3"), "deploy", "--yes")
    any_sandbox.run("rollback", "--yes")
    any_sandbox.ship(WebApp("3"), "deploy", "--yes")
    any_sandbox.ship(BUILT, "deploy", "--yes")
    assert any_sandbox.get() == (200, "version 2, built")
    assert builds(any_sandbox) == 1


def test_a_killed_build_starts_again_from_an_empty_folder(sandbox: Sandbox) -> None:
    deploy, job = start_build(sandbox)
    for process in job:
        process.kill()
    result = deploy.wait()
    assert result.code == 0, result
    assert sandbox.get() == (200, "version 2, built")
    assert builds(sandbox) == 2


def test_a_build_survives_the_command_and_resume_waits_for_it(sandbox: Sandbox) -> None:
    start_build(sandbox)[0].kill()
    assert sandbox.job("build.py") != []
    sandbox.run("resume")
    assert sandbox.get() == (200, "version 2, built")
    assert builds(sandbox) == 1
    assert_consistent(sandbox)


def test_abort_ends_a_build_that_is_still_running(sandbox: Sandbox) -> None:
    start_build(sandbox)[0].kill()
    sandbox.run("abort")
    assert sandbox.job("build.py") == []
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_failed_build_leaves_the_live_release_untouched(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", build=[["{python}", "build.py"]], builder="raise SystemExit('no space left')"))
    before = [process.pid for process in sandbox.instances()]
    result = sandbox.run("deploy", "--yes", code=1)
    assert "no space left" in result.out + result.err
    assert [process.pid for process in sandbox.instances()] == before
    assert_consistent(sandbox)


UV_BUILD = [
    ["{uv}", "venv", "--quiet", "--offline", ".venv"],
    ["{uv}", "pip", "install", "--quiet", "--offline", "--no-index", "--find-links", ".", "whistle"],
    [".venv/bin/python", "-c", "import whistle; open('message', 'w').write(whistle.TUNE)"],
]


def test_uv_installs_into_the_environment_that_uv_created(any_sandbox: Sandbox) -> None:
    any_sandbox.write(WebApp(build=UV_BUILD, service={"command": [".venv/bin/python", "app.py"]}))
    make_wheel(any_sandbox.checkout / "web")
    any_sandbox.run("up", "--yes", exported={"UV_PYTHON": "/usr/bin/python3", "VIRTUAL_ENV": "/nonexistent"})
    assert any_sandbox.get() == (200, "a short tune")
    assert json.loads(any_sandbox.get("/environment")[1])["message"] == "a short tune"


def make_wheel(folder: Path) -> None:
    """Write a package that a build can install without a network."""
    info = "whistle-1.0.dist-info"
    files = {
        "whistle.py": "TUNE = 'a short tune'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: whistle\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "whistle-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(name, text)


def start_build(sandbox: Sandbox) -> tuple[Command, list[Process]]:
    """Deploy version 1, start the deploy of a version with a build; return it with the running build's processes."""
    sandbox.ship(WebApp("1"))
    sandbox.write(BUILT)
    deploy = sandbox.start_with_events("deploy", "--yes")
    return deploy, wait_until(lambda: sandbox.job("build.py"), within=15, what="a running build")


def builds(sandbox: Sandbox) -> int:
    """Return how often the builder was started."""
    return sum(Path(file).read_text().count("started") for file in sandbox.state.glob("homes/*/builds"))
