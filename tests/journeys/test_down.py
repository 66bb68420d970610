"""`down`, reboots and `up`: stopped environments stay stopped, and `up` restores release and data."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import reboot
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp


def test_down_stops_everything_and_up_starts_it_again(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(migrations=TABLE))
    url = any_sandbox.url
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    assert any_sandbox.get("/posts/1", method="POST")[0] == 200
    any_sandbox.run("down", "--yes")
    assert any_sandbox.processes() == []
    status = any_sandbox.query("status")
    assert (status["health"], status["problems"]) == ("stopped", [])
    assert "is stopped" in any_sandbox.run("status").out.splitlines()[0]
    started = any_sandbox.run("up", "--yes").out
    assert "started in" in started
    assert "nothing to do" not in started
    assert any_sandbox.get("/rows", url=url) == (200, "1")
    assert any_sandbox.posted_paths() == ["/posts/1"]
    assert assert_consistent(any_sandbox)["release"]["number"] == 1


def test_a_second_down_does_nothing(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.run("down", "--yes")
    assert "parrot/local is stopped already" in sandbox.run("down", "--yes").out
    assert sandbox.processes() == []


def test_a_killed_down_is_resumed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(behaviour={"ignores_sigterm": "yes"}))
    down = sandbox.start_with_events("down", "--yes")
    down.wait_for_event("started")
    down.kill()
    sandbox.run("resume")
    assert sandbox.processes() == []
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


@pytest.mark.failure("F83")
def test_after_a_reboot_start_restores_everything_with_its_data(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(migrations=TABLE, replicas=2))
    url = any_sandbox.url
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    reboot(any_sandbox.state)
    assert any_sandbox.run("status", code=1).code == 1
    any_sandbox.run("up", "--yes")
    assert any_sandbox.get("/rows", url=url) == (200, "1")
    assert_consistent(any_sandbox)


@pytest.mark.parametrize("verb", ["up", "resume"])
def test_a_deploy_interrupted_by_a_reboot_ends_consistent(sandbox: Sandbox, verb: str) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    deploy = sandbox.start_deploy(WebApp("2", migrations=TABLE, settle="2s"), "settle")
    reboot(sandbox.state)
    assert deploy.wait().code == -9
    words = [verb, "--yes"] if verb == "up" else [verb]
    assert sandbox.run(*words, code=None).code in {0, 1}
    assert assert_consistent(sandbox)["release"]["version"] in {"1", "2"}


def test_down_data_keeps_journal_and_keys(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(migrations=TABLE))
    assert sandbox.get("/rows", method="POST") == (200, "1")
    assert sandbox.get("/posts/1", method="POST")[0] == 200
    sandbox.run("down", "--data", "--yes", code=3)
    assert sandbox.get("/rows") == (200, "1")
    sandbox.run("down", "--data", "--confirm", "parrot/local")
    assert sandbox.processes() == []
    left = {path.name for path in sandbox.state.iterdir() if path.is_file() or any(path.iterdir())}
    assert {"journal.db", "head"} <= left
    assert left & {"data", "volumes", "releases", "content", "sockets"} == set()
    assert [path.name for path in sandbox.keys.rglob("*.key")] != []
    assert sandbox.run("journal", "verify").code == 0
    sandbox.run("up", "--yes")
    assert sandbox.get("/rows") == (200, "0")
    assert assert_consistent(sandbox)["release"]["number"] == 2
