"""The first `up`, a port that it cannot have, and several environments on one machine that share nothing."""

import os
import re
import socket
from collections.abc import Callable

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.sandbox import Sandbox
from tests.journeys.users import all_users, reason_unusable
from tests.journeys.web_app import TABLE, WebApp


def test_the_first_up_goes_from_nothing_to_live(any_sandbox: Sandbox) -> None:
    web_app = any_sandbox.write(WebApp())
    result = any_sandbox.run("up", "--yes")
    assert any_sandbox.url in result.out
    assert any_sandbox.get() == (200, web_app.message)
    assert assert_consistent(any_sandbox)["release"]["version"] == "1"


def test_a_system_with_a_database_goes_live(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(migrations=TABLE))
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    assert any_sandbox.get("/rows") == (200, "1")
    (database,) = assert_consistent(any_sandbox)["datastores"]
    assert (database["name"], database["state"], database["schema"]) == ("db", "ready", "0001_visit")


def test_two_environments_start_at_once_and_do_not_share_anything(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = with_default_state(make_sandbox)
    manifest = sandbox.checkout / "mainstay.yaml"
    sandbox.write(WebApp())
    manifest.write_text(manifest.read_text() + "environments: {local: {}, staging: {}}\n")
    sandbox.extra_environments = [(None, ("-e", "local")), (None, ("-e", "staging"))]
    ups = [sandbox.start("-e", name, "up", "--yes") for name in ("local", "staging")]
    assert [up.wait().code for up in ups] == [0, 0]
    sandbox.run("-e", "local", "down", "--yes")
    assert sandbox.get(url=sandbox.query("-e", "staging", "status")["url"]) == (200, "version 1")
    assert len(sandbox.instances()) == 1


def test_two_checkouts_of_one_system_do_not_share_anything(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = with_default_state(make_sandbox)
    other = sandbox.folder / "other-checkout"
    other.mkdir()
    sandbox.write(WebApp("1"))
    WebApp("2").write(other)
    sandbox.extra_environments = [(None, ()), (other, ())]
    ups = [sandbox.start("up", "--yes", checkout=at) for at in (None, other)]
    assert [up.wait().code for up in ups] == [0, 0]
    assert sandbox.get() == (200, "version 1")
    assert sandbox.get(url=sandbox.query("status", checkout=other)["url"]) == (200, "version 2")


def test_a_taken_port_is_reported_with_its_holder_before_anything_is_changed(sandbox: Sandbox) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        sandbox.write(WebApp(http=port))
        result = sandbox.run("up", "--yes", code=1)
    assert re.search(rf"port {port} is taken by \S.* \(pid {os.getpid()}\)", result.err), result
    assert not sandbox.state.joinpath("journal.db").exists()
    sandbox.run("up", "--yes")
    assert sandbox.url.endswith(f":{port}")


def with_default_state(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """Return a sandbox without `--state`, of an ordinary user, so that the state is below HOME."""
    if reason := reason_unusable(all_users()[-1]):
        pytest.skip(reason)
    return make_sandbox(all_users()[-1], explicit_state=False)
