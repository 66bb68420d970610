"""A release that fails gets no traffic, is rolled back automatically, and the message names the cause."""

from signal import SIGINT

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

FAILING_RELEASES = {
    "exits at once": (WebApp("2", behaviour={"crash_after": 0, "crash_code": 7}), ("exit code 7", "out of ink")),
    "exits after becoming ready": (
        WebApp("2", behaviour={"crash_after": 0.2, "crash_code": 3}, service={"steady": "1s"}),
        ("exit code 3", "out of ink"),
    ),
    "never becomes ready": (
        WebApp("2", behaviour={"never_ready": "yes"}, within="2s"),
        ("(within 2 s, steady for 0.1 s): 0 of 1 ready", "/health → 503", "version 2 is listening"),
    ),
    "cannot be started": (WebApp("2", service={"command": ["./no-such-program"]}), ("no-such-program",)),
    "listens on another port": (
        WebApp("2", within="4s", service={"command": ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "0"]}),
        ("listens on 127.0.0.1:", "but PORT is ", "→ connection refused"),
    ),
}


@pytest.mark.failure("F66")
@pytest.mark.parametrize(("web_app", "words"), FAILING_RELEASES.values(), ids=FAILING_RELEASES)
def test_a_failing_release_is_rolled_back_automatically(
    sandbox: Sandbox, web_app: WebApp, words: tuple[str, ...]
) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(web_app)
    with Load(sandbox.url, rate=100) as load:
        result = sandbox.run("deploy", "--yes", code=1)
    assert load.stop().not_ok == []
    assert set(load.tally.releases) == {"1"}
    assert [word for word in words if word not in result.out + result.err] == [], result
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    assert sandbox.query("history")[0]["outcome"] == "undone"


def test_a_failing_first_release_leaves_nothing_running(sandbox: Sandbox) -> None:
    sandbox.write(WebApp(behaviour={"crash_after": 0}))
    sandbox.run("up", "--yes", code=1)
    assert sandbox.instances() == []
    assert sandbox.run("status", code=1).code == 1
    sandbox.ship(WebApp("2"))
    assert assert_consistent(sandbox)["release"]["number"] == 2


@pytest.mark.parametrize("migrations", [None, TABLE], ids=["without a datastore", "with a datastore"])
def test_up_ships_the_fix_after_a_failed_first_release_and_down(
    sandbox: Sandbox, migrations: dict[str, str] | None
) -> None:
    sandbox.write(WebApp("1", {"licence": "/nonexistent"}, migrations=migrations))
    sandbox.run("up", "--yes", code=1)
    stopped = sandbox.run("down", "--yes")
    assert "mainstay start" not in stopped.out, stopped
    assert "mainstay --state" in stopped.out.splitlines()[-1], stopped
    assert stopped.out.rstrip().endswith(" up"), stopped
    assert sandbox.run("status").out.splitlines()[1].endswith(" up")
    sandbox.ship(WebApp("2", migrations=migrations))
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_up_ships_after_an_interrupted_first_release_abort_and_down(sandbox: Sandbox) -> None:
    sandbox.write(WebApp("1", {"never_ready": "yes"}, within="20s"))
    first = sandbox.start_with_events("up", "--yes")
    first.wait_for_event("started", "Start web")
    first.send(SIGINT)
    assert first.wait().code == 130
    sandbox.run("abort")
    sandbox.run("down", "--yes")
    sandbox.ship(WebApp("2"))
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_status_does_not_expect_a_datastore_that_was_never_deployed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", {"never_ready": "yes"}, within="1s", migrations=TABLE))
    result = sandbox.run("deploy", "--yes", code=1)
    assert result.out.splitlines()[-1].endswith(f"mainstay --state {sandbox.state} logs web --release 2"), result
    assert sandbox.query("status")["datastores"] == []


@pytest.mark.failure("F69")
def test_an_instance_that_ignores_sigterm_is_killed_and_does_not_delay_the_deploy(sandbox: Sandbox) -> None:
    behaviour: dict[str, object] = {"ignores_sigterm": "yes"}
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    sandbox.ship(WebApp("1", behaviour=behaviour))
    result = sandbox.ship(WebApp("2", behaviour=behaviour), "deploy", "--yes")
    assert killed in result.out, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"
    assert killed in sandbox.run("down", "--yes").out


def test_one_failing_service_rolls_both_services_back(sandbox: Sandbox) -> None:
    sandbox.ship(with_worker("1"))
    sandbox.write(with_worker("2", command=["{python}", "-c", "raise SystemExit(9)"]))
    result = sandbox.run("deploy", "--yes", code=1)
    assert "exit code 9" in result.out + result.err
    status = sandbox.status()
    assert {instance["release"] for service in status["services"] for instance in service["instances"]} == {1}
    assert sandbox.get() == (200, "version 1")


def with_worker(version: str, command: list[str] | None = None) -> WebApp:
    """Return an application with a second service, `worker`, without a port."""

    class WithWorker(WebApp):
        def manifest(self) -> dict[str, object]:
            manifest = super().manifest()
            worker = {"source": "web", "command": command or ["{python}", "-c", "import time; time.sleep(1e6)"]}
            manifest["services"]["worker"] = worker | {"steady": "300ms", "drain": "0s", "stop_grace_period": "1s"}
            return manifest

    return WithWorker(version)
