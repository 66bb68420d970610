"""Settings and secrets: planning stores nothing, a run stores the exported values, and commands change them."""

import json
import os
from typing import Any

import pytest

from tests.journeys.documentation import type_command
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

VARIABLES: dict[str, Any] = {
    "KEY": {"secret": True, "min_length": 5},
    "SIGN": {"secret": True, "generate": True},
    "MODE": {},
    "NOTE": {"required": False},
    "EVERY": {"default": "300"},
}
APPLICATION = WebApp("1", variables=VARIABLES)
EXPORTED = {"KEY": "first-key", "MODE": "a"}


@pytest.mark.threat("S12")
def test_planning_writes_only_its_plan(any_sandbox: Sandbox) -> None:
    any_sandbox.write(WebApp("1", variables=VARIABLES, migrations=TABLE))
    before = files(any_sandbox)
    refused = any_sandbox.run("plan", code=2)
    assert "no value for 2 variables: KEY (a secret, read by web), MODE (read by web)" in refused.err
    assert [line.split("mainstay")[-1] for line in refused.err.splitlines()[1:]] == [
        f" --state {any_sandbox.state} secrets set KEY",
        f" --state {any_sandbox.state} set MODE=…",
    ]
    unfit = any_sandbox.run("plan", exported={"KEY": "abc", "MODE": "a"}, code=2)
    assert "KEY has 3 characters, at least 5 are required" in unfit.err
    assert "abc" not in unfit.out + unfit.err
    assert files(any_sandbox) == before
    plan = any_sandbox.query("plan", exported=EXPORTED)["id"]
    any_sandbox.run("deploy", "--dry-run", exported=EXPORTED)
    any_sandbox.run("up", "--dry-run", exported=EXPORTED)
    assert files(any_sandbox) - before == {f"state/plans/{plan}.json"}
    assert before <= files(any_sandbox)
    assert "first-key" not in (any_sandbox.state / "plans" / f"{plan}.json").read_text()


def test_an_exported_value_does_not_change_a_stored_one(any_sandbox: Sandbox) -> None:
    any_sandbox.write(APPLICATION)
    any_sandbox.run("up", "--yes", exported=EXPORTED)
    before = stored(any_sandbox)
    other = {"KEY": "another-key", "MODE": "b", "SIGN": "mine", "EVERY": "5"}
    for words in (["plan"], ["deploy", "--dry-run"], ["deploy", "--yes"], ["up", "--yes"]):
        result = any_sandbox.run(*words, exported=other)
        for name, command in (("KEY", "secrets set KEY"), ("SIGN", "secrets set SIGN"), ("MODE", "set MODE=…")):
            assert f"{name} is exported in this shell with another value than the stored one" in result.out, result
            assert command in result.out
        assert "note: EVERY has a fixed default in the manifest; the exported value is ignored" in result.out
        assert "another-key" not in result.out + result.err
    assert stored(any_sandbox) == before
    assert "exported" not in any_sandbox.run("deploy", "--yes", exported=EXPORTED).out
    assert received(any_sandbox, "KEY", "MODE", "EVERY") == ["first-key", "a", "300"]
    assert [run["release"] for run in any_sandbox.query("history")] == [1]


def test_a_setting_is_kept_until_it_is_set_again(any_sandbox: Sandbox) -> None:
    any_sandbox.write(APPLICATION)
    any_sandbox.run("up", "--yes", exported=EXPORTED)
    assert any_sandbox.query("plan")["phases"] == []
    any_sandbox.run("set", "MODE=b", "NOTE={version} $HOME")
    assert received(any_sandbox, "MODE", "NOTE") == ["a", None]
    changes = {each["path"]: each["after"] for each in any_sandbox.query("plan")["changes"]}
    assert changes["services.web.variables.MODE"] == "b"
    any_sandbox.run("deploy", "--yes")
    assert received(any_sandbox, "MODE", "NOTE") == ["b", "{version} $HOME"]
    any_sandbox.run("unset", "MODE", code=2)
    any_sandbox.run("unset", "NOTE")
    any_sandbox.run("deploy", "--yes")
    assert received(any_sandbox, "MODE", "NOTE") == ["b", None]
    assert (any_sandbox.state / "settings.json").stat().st_mode & 0o077 == 0


def test_a_secret_is_changed_by_its_command_and_restored_by_a_rollback(any_sandbox: Sandbox) -> None:
    any_sandbox.write(APPLICATION)
    any_sandbox.run("up", "--yes", exported=EXPORTED)
    run_with_input(any_sandbox, b"second-key\n", "secrets", "set", "KEY")
    assert received(any_sandbox, "KEY") == ["first-key"]
    any_sandbox.run("deploy", "--yes")
    assert received(any_sandbox, "KEY") == ["second-key"]
    listed = {each["name"]: (each["version"], each["origin"]) for each in any_sandbox.query("secrets", "list")}
    assert listed == {"KEY": (2, "given"), "SIGN": (1, "generated")}
    any_sandbox.run("rollback", "--yes")
    assert received(any_sandbox, "KEY") == ["first-key"]
    assert_nowhere(any_sandbox, "first-key", "second-key")


@pytest.mark.failure("F1")
def test_a_killed_run_is_resumed_without_the_values_it_was_started_with(sandbox: Sandbox) -> None:
    sandbox.write(WebApp("1", variables=VARIABLES, migrations=TABLE))
    up = sandbox.start("--output", "json", "up", "--yes", exported=EXPORTED)
    up.wait_for_event("planned")
    up.kill()
    resumed = sandbox.run("resume", exported={"KEY": "another-key", "MODE": "another-mode"})
    assert "another" not in resumed.out + resumed.err
    assert received(sandbox, "KEY", "MODE") == ["first-key", "a"]
    assert sandbox.query("plan")["phases"] == []


def test_two_commands_at_once_lose_no_setting(sandbox: Sandbox) -> None:
    names = [f"NAME_{number}" for number in range(8)]
    sandbox.write(WebApp("1", variables={name: {"required": False} for name in names}))
    commands = [sandbox.start("set", f"{name}=1") for name in names]
    assert [command.wait().code for command in commands] == [0] * len(names)
    assert sorted(json.loads((sandbox.state / "settings.json").read_text())) == names


def test_a_missing_secret_is_prompted_for_in_a_terminal_and_not_shown(sandbox: Sandbox) -> None:
    sandbox.write(APPLICATION)
    sandbox.run("set", "MODE=a")
    result = type_command(sandbox, "mainstay up", folder=str(sandbox.checkout), typed="typed-key\n")
    assert "KEY (not shown, at least 5 characters):" in result
    assert "release 1 (1) is live" in result
    assert "typed-key" not in result
    assert received(sandbox, "KEY") == ["typed-key"]
    assert_nowhere(sandbox, "typed-key")
    sandbox.run("plan", code=0)


def test_an_interrupt_at_the_prompt_stores_nothing(sandbox: Sandbox) -> None:
    sandbox.write(APPLICATION)
    sandbox.run("set", "MODE=a")
    before = files(sandbox)
    result = type_command(sandbox, "mainstay up", folder=str(sandbox.checkout), typed="\x03", code=130)
    assert "KEY (not shown, at least 5 characters):" in result
    assert files(sandbox) == before


def files(sandbox: Sandbox) -> set[str]:
    """Return every file of the sandbox: checkout, home, keys and state."""
    return {str(path.relative_to(sandbox.folder)) for path in sandbox.folder.rglob("*") if not path.is_dir()}


def assert_nowhere(sandbox: Sandbox, *values: str) -> None:
    """Check that no output and no file of the state, the keys or the home directory contains one of *values*."""
    shown = [result for result in sandbox.results for value in values if value in result.out + result.err]
    assert shown == []
    paths = [
        path for folder in (sandbox.state, sandbox.keys, sandbox.home) for path in folder.rglob("*") if path.is_file()
    ]
    assert [path for path in paths for value in values if value.encode() in path.read_bytes()] == []


def stored(sandbox: Sandbox) -> list[bytes]:
    """Return the content of the files that store values."""
    return [(sandbox.state / name).read_bytes() for name in ("secrets.age", "settings.json")]


def received(sandbox: Sandbox, *names: str) -> list[Any]:
    """Return the values of *names* in the environment of the service; None: not set."""
    environment = json.loads(sandbox.get("/environment")[1])
    return [environment.get(name) for name in names]


def run_with_input(sandbox: Sandbox, text: bytes, *words: str) -> None:
    """Run a command with *text* on standard input."""
    reader, writer = os.pipe()
    command = sandbox.start(*words, stdin=reader)
    os.close(reader)
    os.write(writer, text)
    os.close(writer)
    assert command.wait().code == 0
