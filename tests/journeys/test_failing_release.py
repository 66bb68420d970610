"""A release that does not work never takes traffic, goes back by itself, and its message says what was wrong."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow

SICK = {
    "ends at once": (WebApp("2", behaviour={"crash_after": 0, "crash_code": 7}), ("exit code 7", "out of ink")),
    "ready, then ends": (
        WebApp("2", behaviour={"crash_after": 0.2, "crash_code": 3}),
        ("exit code 3", "out of ink"),
    ),
    "never ready": (
        WebApp("2", behaviour={"never_ready": "yes"}, within="2s"),
        ("(within 2 s, steady for 0.3 s): 0 of 1 ready", "/health → 503", "version 2 listens"),
    ),
    "cannot be started": (WebApp("2", service={"command": ["./no-such-program"]}), ("no-such-program",)),
    "listens elsewhere": (
        WebApp("2", within="4s", service={"command": ["{python}", "-m", "http.server", "--bind", "127.0.0.1", "0"]}),
        ("listens on 127.0.0.1:", "but PORT is ", "→ connection refused"),
    ),
}


@pytest.mark.failure("F66")
@pytest.mark.parametrize(("web_app", "words"), SICK.values(), ids=SICK)
def test_a_failing_release_is_rolled_back_automatically(
    sandbox: Sandbox, web_app: WebApp, words: tuple[str, ...]
) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(web_app)
    with Load(sandbox.url, rate=100) as load:
        result = sandbox.run("deploy", "--yes", code=1)
    assert load.stop().lost == []
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


@pytest.mark.failure("F69")
def test_an_instance_that_ignores_sigterm_is_killed_and_does_not_delay_the_deploy(sandbox: Sandbox) -> None:
    stubborn: dict[str, object] = {"ignores_sigterm": "yes"}
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    sandbox.ship(WebApp("1", behaviour=stubborn))
    result = sandbox.ship(WebApp("2", behaviour=stubborn), "deploy", "--yes")
    assert killed in result.out, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"
    assert killed in sandbox.run("down", "--yes").out


def test_one_failing_service_rolls_both_services_back(sandbox: Sandbox) -> None:
    sandbox.ship(two("1"))
    sandbox.write(two("2", command=["{python}", "-c", "raise SystemExit(9)"]))
    result = sandbox.run("deploy", "--yes", code=1)
    assert "exit code 9" in result.out + result.err
    status = sandbox.status()
    assert {one["release"] for service in status["services"] for one in service["instances"]} == {1}
    assert sandbox.get() == (200, "version 1")


def two(version: str, command: list[str] | None = None) -> WebApp:
    """A parrot with a worker beside its web service; both change with the version."""

    class Pair(WebApp):
        def manifest(self) -> dict[str, object]:
            consistency = super().manifest()
            worker = {"source": "web", "command": command or ["{python}", "-c", "import time; time.sleep(1e6)"]}
            consistency["services"]["worker"] = worker | {"steady": "300ms", "drain": "0s", "stop_grace_period": "1s"}
            return consistency

    return Pair(version)
