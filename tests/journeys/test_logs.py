"""`mainstay logs`: complete and in order of time, also of failed releases, of the edge and without a supervisor."""

import os
import subprocess

import pytest

from tests.journeys.machine import SUPERVISOR, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

MAX_LOG_BYTES = 100_000_000


def numbers(text: str) -> list[int]:
    """Return the numbers of the lines that `/write/…` wrote, in the order shown."""
    words = (line.split("  ", 1)[1].split() for line in text.splitlines() if "  " in line)
    return [int(line[0]) for line in words if line and line[0].isdigit()]


class Follower:
    """A running `logs web -f` and its output so far."""

    def __init__(self, sandbox: Sandbox, *words: str) -> None:
        self._shown = sandbox.folder / "shown"
        with self._shown.open("w") as file:
            self.command = sandbox.start("logs", "web", "-n", "1", "-f", *words, stdout=file)
        self.wait_for("is listening")

    def wait_for(self, text: str, *, within: float = 30) -> None:
        """Wait until the last lines contain *text*."""
        wait_until(lambda: text in self.text()[-20_000:], within=within, what=f"{text} in the followed log")

    def text(self) -> str:
        return self._shown.read_text()


@pytest.mark.failure("F79")
def test_no_line_is_lost_at_full_speed_and_while_the_log_is_trimmed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    follower = Follower(sandbox)
    assert sandbox.get("/write/0/200000") == (200, "written")
    follower.wait_for(" 199999")
    assert numbers(follower.text()) == list(range(200_000))
    assert numbers(sandbox.run("logs", "web", "-n", "300000").out) == list(range(200_000))
    # These writes trim the oldest lines, which the follower has already read.
    for first in (200_000, 255_000):
        assert sandbox.get(f"/write/{first}/55000/1000") == (200, "written")
        follower.wait_for(f" {first + 54_999} ", within=60)
    assert numbers(follower.text()) == list(range(310_000))
    kept = numbers(sandbox.run("logs", "web", "-n", "400000").out)
    assert kept == list(range(kept[0], 310_000))
    assert 80_000 < len(kept) < 300_000
    log = sandbox.state / "logs" / "web" / "web-1-1.out"
    assert log.stat().st_blocks * 512 < MAX_LOG_BYTES * 1.1


def test_a_very_long_line_is_cut_and_later_lines_are_shown(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    follower = Follower(sandbox)
    assert sandbox.get("/write/1/1/3000000") == (200, "written")
    assert sandbox.get("/write/2/1") == (200, "written")
    follower.wait_for("  2 ")
    assert "… (cut: this line has 3,000,002 bytes)" in follower.text()
    assert numbers(follower.text()) == [1, 2]


def test_the_command_in_the_failure_message_shows_the_failed_releases_lines(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    for number in range(3):
        assert sandbox.get(f"/write/{number}/100") == (200, "written")
    long = "print('w' * 20000, file=__import__('sys').stderr); raise SystemExit(3)"
    sandbox.write(WebApp("2", service={"command": ["{python}", "-c", f"print('starting', flush=True); {long}"]}))
    result = sandbox.run("deploy", "--yes", code=1)
    assert "starting" in result.out
    assert "(cut: this line has 20,000 bytes)" in result.out
    assert result.out.splitlines()[-1].endswith("logs web --release 2"), result
    found = sandbox.run("logs", "web", "--release", "2")
    assert {line.split()[2] for line in found.out.splitlines()} == {"web-2-1"}
    assert "starting" in found.out
    found = sandbox.run("logs", "web", "--instance", "web-2-1", "-n", "1")
    assert "wwww" in found.out
    refused = sandbox.run("logs", "web", "--release", "9", code=2)
    assert "release 9 of web wrote no log; there are logs of releases 1, 2" in refused.err
    sandbox.ship(WebApp("3"))
    assert "starting" in sandbox.run("logs", "web", "--release", "2").out


def test_status_shows_the_last_line_of_an_ended_instance(sandbox: Sandbox) -> None:
    sandbox.write(WebApp(behaviour={"crash_after": 2}))
    sandbox.run("up", "--yes")
    wait_until(
        lambda: "its last line: out of ink" in sandbox.run("status", code=None).out,
        within=30,
        what="the last line in the status",
    )


def test_log_times_are_those_of_writing_and_never_change(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    for number in range(5):
        assert sandbox.get(f"/write/{number}/1") == (200, "written")
    first = sandbox.run("logs", "web", "-n", "5").out
    assert sandbox.get("/write/5/1") == (200, "written")
    again = sandbox.run("logs", "web", "-n", "6").out
    assert again.startswith(first)
    seconds = [float(line.split()[1].rpartition(":")[2]) for line in first.splitlines()]
    assert len(set(seconds)) == 5


def test_the_access_log_contains_every_request(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    assert sandbox.get("/a/b?secret=1") == (200, "version 1")
    wait_until(lambda: "/a/b" in sandbox.run("logs", "edge").out, within=10, what="the request in the access log")
    result = sandbox.run("logs", "edge").out
    line = next(line for line in result.splitlines() if "/a/b" in line)
    assert " GET /a/b 200 " in line
    assert line.endswith(" ms web@1")
    assert "secret" not in result
    assert "HAProxy" in result or "NOTICE" in result or "haproxy" in result
    documents = sandbox.run("--output", "json", "logs", "edge", "--release", "1").out.splitlines()
    assert all('"stream":"access"' in document for document in documents)


def test_logs_after_the_data_was_removed_fails_with_a_clear_message(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.run("down", "--data", "--confirm", "parrot/local")
    assert "there are no logs in this environment" in sandbox.run("logs", "web", code=2).err


def test_logs_of_an_unknown_service_is_bad_input(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    assert "there are logs of edge, web" in sandbox.run("logs", "wbe", code=2).err


@pytest.mark.parametrize("words", [("logs", "web", "-f"), ("status", "--watch"), ("logs", "edge", "-f")])
def test_following_logs_ends_when_its_reader_ends(sandbox: Sandbox, words: tuple[str, ...]) -> None:
    sandbox.ship(WebApp("1"))
    for reader, writer in (os.pipe(), os.openpty()):
        command = sandbox.start(*words, stdout=writer, stderr=subprocess.DEVNULL)
        os.close(writer)
        assert os.read(reader, 10)
        os.close(reader)
        assert command.exits_within(10), f"{words} continues without its reader"


def test_showing_an_unknown_run_is_bad_input(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    result = sandbox.run("journal", "show", "r-9999", code=2)
    assert "there is no run r-9999; the last runs are r-0001" in result.err


def test_logs_work_while_the_supervisor_is_not_running(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.process(SUPERVISOR).kill()
    follower = Follower(sandbox)
    assert sandbox.get("/write/1/1") == (200, "written")
    follower.wait_for("  1 ")
    assert numbers(sandbox.run("logs", "web").out) == [1]


def test_following_ends_with_a_message_once_the_data_is_removed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    follower = sandbox.start("logs", "web", "-f")
    wait_until(lambda: not follower.has_exited and sandbox.get()[0] == 200, within=5, what="the follower")
    name = str(sandbox.query("status")["system"]) + "/local"
    sandbox.run("down", "--data", "--confirm", name, "--yes")
    result = follower.wait(within=5)
    assert result.code == 1
    assert "the logs of web were removed" in result.err, result
