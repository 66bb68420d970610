"""Settings and secrets: a plan stores nothing, a run stores what it was given, and a command changes it later."""

import json
import os
import pty
import threading
from typing import Any

import pytest

from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow

VARIABLES: dict[str, Any] = {
    "KEY": {"secret": True, "min_length": 5},
    "SIGN": {"secret": True, "generate": True},
    "MODE": {},
    "NOTE": {"required": False},
    "EVERY": {"default": "300"},
}
PARROT = Parrot("1", variables=VARIABLES)
GIVEN = {"KEY": "first-key", "MODE": "a"}


@pytest.mark.threat("S12")
def test_planning_writes_nothing_but_its_plan(anyones: Place) -> None:
    anyones.holds(Parrot("1", variables=VARIABLES, migrations=TABLE))
    before = files(anyones)
    refused = anyones.run("plan", ends=2)
    assert "2 variables have no value: KEY (a secret, read by web), MODE (read by web)" in refused.err
    assert [line.split("mainstay")[-1] for line in refused.err.splitlines()[1:]] == [
        f" --state {anyones.state} secrets set KEY",
        f" --state {anyones.state} set MODE=…",
    ]
    unfit = anyones.run("plan", exported={"KEY": "abc", "MODE": "a"}, ends=2)
    assert "KEY has 3 characters, at least 5 are required" in unfit.err
    assert "abc" not in unfit.out + unfit.err
    assert files(anyones) == before
    plan = anyones.ask("plan", exported=GIVEN)["id"]
    anyones.run("deploy", "--dry-run", exported=GIVEN)
    anyones.run("up", "--dry-run", exported=GIVEN)
    assert files(anyones) - before == {f"state/plans/{plan}.json"}
    assert before <= files(anyones)
    assert "first-key" not in (anyones.state / "plans" / f"{plan}.json").read_text()


def test_what_is_stored_is_not_changed_by_another_exported_value(anyones: Place) -> None:
    anyones.holds(PARROT)
    anyones.run("up", "--yes", exported=GIVEN)
    before = stored(anyones)
    other = {"KEY": "another-key", "MODE": "b", "SIGN": "mine", "EVERY": "5"}
    for words in (["plan"], ["deploy", "--dry-run"], ["deploy", "--yes"], ["up", "--yes"]):
        said = anyones.run(*words, exported=other)
        for name, command in (("KEY", "secrets set KEY"), ("SIGN", "secrets set SIGN"), ("MODE", "set MODE=…")):
            assert f"{name} is exported in this shell with another value than the stored one" in said.out, said
            assert command in said.out
        assert "note: EVERY has a fixed default in the manifest; the exported value is ignored" in said.out
        assert "another-key" not in said.out + said.err
    assert stored(anyones) == before
    assert "exported" not in anyones.run("deploy", "--yes", exported=GIVEN).out
    assert seen(anyones, "KEY", "MODE", "EVERY") == ["first-key", "a", "300"]
    assert [run["release"] for run in anyones.ask("history")] == [1]


def test_a_setting_stays_until_it_is_set_again(anyones: Place) -> None:
    anyones.holds(PARROT)
    anyones.run("up", "--yes", exported=GIVEN)
    assert anyones.ask("plan")["phases"] == []
    anyones.run("set", "MODE=b", "NOTE={version} $HOME")
    assert seen(anyones, "MODE", "NOTE") == ["a", None]
    changes = {each["path"]: each["after"] for each in anyones.ask("plan")["changes"]}
    assert changes["services.web.environment.MODE"] == "b"
    anyones.run("deploy", "--yes")
    assert seen(anyones, "MODE", "NOTE") == ["b", "{version} $HOME"]
    anyones.run("unset", "MODE", ends=2)
    anyones.run("unset", "NOTE")
    anyones.run("deploy", "--yes")
    assert seen(anyones, "MODE", "NOTE") == ["b", None]
    assert (anyones.state / "settings.json").stat().st_mode & 0o077 == 0


def test_a_secret_is_changed_by_its_command_and_comes_back_with_a_rollback(anyones: Place) -> None:
    anyones.holds(PARROT)
    anyones.run("up", "--yes", exported=GIVEN)
    type_in(anyones, b"second-key\n", "secrets", "set", "KEY")
    assert seen(anyones, "KEY") == ["first-key"]
    anyones.run("deploy", "--yes")
    assert seen(anyones, "KEY") == ["second-key"]
    listed = {each["name"]: (each["version"], each["origin"]) for each in anyones.ask("secrets", "list")}
    assert listed == {"KEY": (2, "given"), "SIGN": (1, "generated")}
    anyones.run("rollback", "--yes")
    assert seen(anyones, "KEY") == ["first-key"]
    assert_nowhere(anyones, "first-key", "second-key")


@pytest.mark.failure("F1")
def test_a_run_that_was_killed_is_resumed_without_the_values_that_began_it(place: Place) -> None:
    place.holds(Parrot("1", variables=VARIABLES, migrations=TABLE))
    up = place.start("--output", "json", "up", "--yes", exported=GIVEN)
    up.event("planned")
    up.kill()
    resumed = place.run("resume", exported={"KEY": "another-key", "MODE": "another-mode"})
    assert "another" not in resumed.out + resumed.err
    assert seen(place, "KEY", "MODE") == ["first-key", "a"]
    assert place.ask("plan")["phases"] == []


def test_two_commands_at_once_lose_no_setting(place: Place) -> None:
    names = [f"NAME_{number}" for number in range(8)]
    place.holds(Parrot("1", variables={name: {"required": False} for name in names}))
    commands = [place.start("set", f"{name}=1") for name in names]
    assert [command.wait().code for command in commands] == [0] * len(names)
    assert sorted(json.loads((place.state / "settings.json").read_text())) == names


def test_a_missing_secret_is_asked_for_in_a_terminal_and_not_shown(place: Place) -> None:
    place.holds(PARROT)
    place.run("set", "MODE=a")
    said = in_a_terminal(place, "KEY (not shown):", b"typed-key\n", "up", ends=0)
    assert "release 1 (1) is live" in said
    assert "typed-key" not in said
    assert seen(place, "KEY") == ["typed-key"]
    assert_nowhere(place, "typed-key")
    place.run("plan", ends=0)


def test_a_terminal_that_is_interrupted_at_the_question_leaves_nothing(place: Place) -> None:
    place.holds(PARROT)
    place.run("set", "MODE=a")
    before = files(place)
    in_a_terminal(place, "KEY (not shown):", b"\x03", "up", ends=130)
    assert files(place) == before


def files(place: Place) -> set[str]:
    """Every file below the place: checkout, home, keys and state."""
    return {str(path.relative_to(place.folder)) for path in place.folder.rglob("*") if not path.is_dir()}


def assert_nowhere(place: Place, *values: str) -> None:
    """No command has shown one of *values*, and no file of the state, the keys or the home holds one."""
    shown = [said for said in place.heard for value in values if value in said.out + said.err]
    assert shown == []
    kept = [path for folder in (place.state, place.keys, place.home) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in kept for value in values if value.encode() in path.read_bytes()] == []


def stored(place: Place) -> list[bytes]:
    """The files that hold values."""
    return [(place.state / name).read_bytes() for name in ("secrets.age", "settings.json")]


def seen(place: Place, *names: str) -> list[Any]:
    """What the service has in its environment under *names*."""
    told = json.loads(place.get("/tell")[1])
    return [told.get(name) for name in names]


def type_in(place: Place, text: bytes, *words: str) -> None:
    """Type a command and give it *text* through a pipe."""
    reader, writer = os.pipe()
    command = place.start(*words, stdin=reader)
    os.close(reader)
    os.write(writer, text)
    os.close(writer)
    assert command.wait().code == 0


def in_a_terminal(place: Place, question: str, answer: bytes, *words: str, ends: int) -> str:
    """Type a command in a terminal of its own, answer *question*, and return all that the terminal showed.

    The command must ask, and must end with the code *ends*.
    """
    ours, theirs = pty.openpty()
    told: list[bytes] = []
    asked = threading.Event()

    def read() -> None:
        try:
            while chunk := os.read(ours, 4096):
                told.append(chunk)
                if question.encode() in b"".join(told):
                    asked.set()
        except OSError:
            asked.set()

    def lead() -> None:
        # The terminal that it asks on, and whose Ctrl-C reaches it.
        os.close(os.open(os.ttyname(theirs), os.O_RDWR))

    command = place.start(*words, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lead)
    os.close(theirs)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert asked.wait(20), b"".join(told)
    assert question.encode() in b"".join(told)
    os.write(ours, answer)
    code = command.wait().code
    reader.join(5)
    os.close(ours)
    shown = b"".join(told).decode(errors="replace")
    assert code == ends, shown
    return shown
