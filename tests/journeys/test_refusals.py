"""Refusals before any change, and the status after a rollback."""

import os
import re
import socket

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.slow


def test_a_taken_port_is_reported_with_its_holder_before_anything_is_changed(sandbox: Sandbox) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        sandbox.write(WebApp(http=port))
        result = sandbox.run("up", "--yes", code=1)
    assert re.search(rf"port {port} is taken by \S.* \(pid {os.getpid()}\)", result.err), result
    assert not sandbox.state.joinpath("journal.db").exists()
    sandbox.run("up", "--yes")
    assert sandbox.url.endswith(f":{port}")


def test_status_does_not_expect_a_datastore_that_was_never_deployed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", {"never_ready": "yes"}, within="1s", migrations=TABLE))
    result = sandbox.run("deploy", "--yes", code=1)
    assert result.out.splitlines()[-1].endswith(f"mainstay --state {sandbox.state} logs web --release 2"), result
    assert sandbox.query("status")["datastores"] == []
