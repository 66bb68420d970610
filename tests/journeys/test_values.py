"""Settings and secrets: a plan stores nothing, a run stores what it was given, and a command changes it later."""

import json
import os
import pty
import threading
from typing import Any

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.slow

VARIABLES: dict[str, Any] = {
    "KEY": {"secret": True, "min_length": 5},
    "SIGN": {"secret": True, "generate": True},
    "MODE": {},
    "NOTE": {"required": False},
    "EVERY": {"default": "300"},
}
PARROT = WebApp("1", variables=VARIABLES)
GIVEN = {"KEY": "first-key", "MODE": "a"}


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
    plan = any_sandbox.query("plan", exported=GIVEN)["id"]
    any_sandbox.run("deploy", "--dry-run", exported=GIVEN)
    any_sandbox.run("up", "--dry-run", exported=GIVEN)
    assert files(any_sandbox) - before == {f"state/plans/{plan}.json"}
    assert before <= files(any_sandbox)
    assert "first-key" not in (any_sandbox.state / "plans" / f"{plan}.json").read_text()


def test_an_exported_value_does_not_change_a_stored_one(any_sandbox: Sandbox) -> None:
    any_sandbox.write(PARROT)
    any_sandbox.run("up", "--yes", exported=GIVEN)
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
    assert "exported" not in any_sandbox.run("deploy", "--yes", exported=GIVEN).out
    assert seen(any_sandbox, "KEY", "MODE", "EVERY") == ["first-key", "a", "300"]
    assert [run["release"] for run in any_sandbox.query("history")] == [1]


def test_a_setting_is_kept_until_it_is_set_again(any_sandbox: Sandbox) -> None:
    any_sandbox.write(PARROT)
    any_sandbox.run("up", "--yes", exported=GIVEN)
    assert any_sandbox.query("plan")["phases"] == []
    any_sandbox.run("set", "MODE=b", "NOTE={version} $HOME")
    assert seen(any_sandbox, "MODE", "NOTE") == ["a", None]
    changes = {each["path"]: each["after"] for each in any_sandbox.query("plan")["changes"]}
    assert changes["services.web.environment.MODE"] == "b"
    any_sandbox.run("deploy", "--yes")
    assert seen(any_sandbox, "MODE", "NOTE") == ["b", "{version} $HOME"]
    any_sandbox.run("unset", "MODE", code=2)
    any_sandbox.run("unset", "NOTE")
    any_sandbox.run("deploy", "--yes")
    assert seen(any_sandbox, "MODE", "NOTE") == ["b", None]
    assert (any_sandbox.state / "settings.json").stat().st_mode & 0o077 == 0


def test_a_secret_is_changed_by_its_command_and_restored_by_a_rollback(any_sandbox: Sandbox) -> None:
    any_sandbox.write(PARROT)
    any_sandbox.run("up", "--yes", exported=GIVEN)
    type_in(any_sandbox, b"second-key\n", "secrets", "set", "KEY")
    assert seen(any_sandbox, "KEY") == ["first-key"]
    any_sandbox.run("deploy", "--yes")
    assert seen(any_sandbox, "KEY") == ["second-key"]
    listed = {each["name"]: (each["version"], each["origin"]) for each in any_sandbox.query("secrets", "list")}
    assert listed == {"KEY": (2, "given"), "SIGN": (1, "generated")}
    any_sandbox.run("rollback", "--yes")
    assert seen(any_sandbox, "KEY") == ["first-key"]
    assert_nowhere(any_sandbox, "first-key", "second-key")


@pytest.mark.failure("F1")
def test_a_killed_run_is_resumed_without_the_values_it_was_started_with(sandbox: Sandbox) -> None:
    sandbox.write(WebApp("1", variables=VARIABLES, migrations=TABLE))
    up = sandbox.start("--output", "json", "up", "--yes", exported=GIVEN)
    up.event("planned")
    up.kill()
    resumed = sandbox.run("resume", exported={"KEY": "another-key", "MODE": "another-mode"})
    assert "another" not in resumed.out + resumed.err
    assert seen(sandbox, "KEY", "MODE") == ["first-key", "a"]
    assert sandbox.query("plan")["phases"] == []


def test_two_commands_at_once_lose_no_setting(sandbox: Sandbox) -> None:
    names = [f"NAME_{number}" for number in range(8)]
    sandbox.write(WebApp("1", variables={name: {"required": False} for name in names}))
    commands = [sandbox.start("set", f"{name}=1") for name in names]
    assert [command.wait().code for command in commands] == [0] * len(names)
    assert sorted(json.loads((sandbox.state / "settings.json").read_text())) == names


def test_a_missing_secret_is_prompted_for_in_a_terminal_and_not_shown(sandbox: Sandbox) -> None:
    sandbox.write(PARROT)
    sandbox.run("set", "MODE=a")
    result = in_a_terminal(sandbox, "KEY (not shown):", b"typed-key\n", "up", code=0)
    assert "release 1 (1) is live" in result
    assert "typed-key" not in result
    assert seen(sandbox, "KEY") == ["typed-key"]
    assert_nowhere(sandbox, "typed-key")
    sandbox.run("plan", code=0)


def test_an_interrupt_at_the_prompt_stores_nothing(sandbox: Sandbox) -> None:
    sandbox.write(PARROT)
    sandbox.run("set", "MODE=a")
    before = files(sandbox)
    in_a_terminal(sandbox, "KEY (not shown):", b"\x03", "up", code=130)
    assert files(sandbox) == before


def files(sandbox: Sandbox) -> set[str]:
    """Every file below the place: checkout, home, keys and state."""
    return {str(path.relative_to(sandbox.folder)) for path in sandbox.folder.rglob("*") if not path.is_dir()}


def assert_nowhere(sandbox: Sandbox, *values: str) -> None:
    """No command has shown one of *values*, and no file of the state, the keys or the home holds one."""
    shown = [result for result in sandbox.results for value in values if value in result.out + result.err]
    assert shown == []
    kept = [
        path for folder in (sandbox.state, sandbox.keys, sandbox.home) for path in folder.rglob("*") if path.is_file()
    ]
    assert [path for path in kept for value in values if value.encode() in path.read_bytes()] == []


def stored(sandbox: Sandbox) -> list[bytes]:
    """The files that hold values."""
    return [(sandbox.state / name).read_bytes() for name in ("secrets.age", "settings.json")]


def seen(sandbox: Sandbox, *names: str) -> list[Any]:
    """What the service has in its environment under *names*."""
    printed = json.loads(sandbox.get("/tell")[1])
    return [printed.get(name) for name in names]


def type_in(sandbox: Sandbox, text: bytes, *words: str) -> None:
    """Type a command and give it *text* through a pipe."""
    reader, writer = os.pipe()
    command = sandbox.start(*words, stdin=reader)
    os.close(reader)
    os.write(writer, text)
    os.close(writer)
    assert command.wait().code == 0


def in_a_terminal(sandbox: Sandbox, question: str, answer: bytes, *words: str, code: int) -> str:
    """Type a command in a terminal of its own, answer *question*, and return all that the terminal showed.

    The command must ask, and must end with the code *ends*.
    """
    ours, theirs = pty.openpty()
    printed: list[bytes] = []
    asked = threading.Event()

    def read() -> None:
        try:
            while chunk := os.read(ours, 4096):
                printed.append(chunk)
                if question.encode() in b"".join(printed):
                    asked.set()
        except OSError:
            asked.set()

    def lead() -> None:
        # The terminal that it asks on, and whose Ctrl-C reaches it.
        os.close(os.open(os.ttyname(theirs), os.O_RDWR))

    command = sandbox.start(*words, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lead)
    os.close(theirs)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert asked.wait(20), b"".join(printed)
    assert question.encode() in b"".join(printed)
    os.write(ours, answer)
    ended = command.wait().code
    reader.join(5)
    os.close(ours)
    shown = b"".join(printed).decode(errors="replace")
    assert ended == code, shown
    return shown
