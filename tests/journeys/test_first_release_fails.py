"""After a first release that failed or was interrupted, `down` works and `up` deploys the fix."""

from signal import SIGINT

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.slow
UNLICENSED: dict[str, object] = {"licence": "/nonexistent"}


@pytest.mark.parametrize("migrations", [None, TABLE], ids=["without a datastore", "with a datastore"])
def test_up_ships_the_fix_after_a_failed_first_release_and_down(
    sandbox: Sandbox, migrations: dict[str, str] | None
) -> None:
    sandbox.write(WebApp("1", UNLICENSED, migrations=migrations))
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
