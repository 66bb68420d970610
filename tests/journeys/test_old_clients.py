"""A client of the old release that keeps its connection: a deploy does not wait for it longer than documented."""

import http.client
import threading
from dataclasses import dataclass, field

import pytest

from tests.journeys.command import Command
from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


@dataclass
class EventStream:
    """A client that reads an event stream until its end, from a thread."""

    url: str
    events: list[str] = field(default_factory=list)
    end: str = ""
    """How it ended: `complete`, or the error; empty while it lasts."""

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.events, within=10, what="an event")

    def _read(self) -> None:
        connection = connect(self.url)
        try:
            connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
            response = connection.getresponse()
            while chunk := response.read1():
                self.events += chunk.decode().split()[2::3]
            self.end = "complete"
        except (OSError, http.client.HTTPException) as error:
            self.end = repr(error)
        connection.close()


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=30)


def body(connection: http.client.HTTPConnection) -> str:
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def retirement(deploy: Command) -> str:
    """Return the evidence of the step that stopped the old revision."""
    (found,) = (e["evidence"] for e in deploy.events if e["event"] == "done" and "stopped in" in (e["evidence"] or ""))
    return str(found)


@pytest.mark.parametrize("ignores_sigterm", [False, True])
def test_a_client_keeps_its_stream_until_the_old_revision_ends_and_the_deploy_does_not_hang(
    sandbox: Sandbox, ignores_sigterm: bool
) -> None:
    sandbox.ship(WebApp("v1", {"ignores_sigterm": "yes"} if ignores_sigterm else {}, drain="2s"))
    kept, stream = connect(sandbox.url), EventStream(sandbox.url)
    assert body(kept) == "version v1"
    socket = kept.sock
    deploy = sandbox.start_deploy(WebApp("v2", drain="2s"), "Retire")
    seen = len(stream.events)
    wait_until(lambda: len(stream.events) > seen + 3, within=10, what="events after the switch")
    assert body(kept) == "version v2"
    assert kept.sock is socket
    assert deploy.wait(within=30).code == 0
    assert set(stream.events) == {"v1"}
    assert "1 request still in flight after the drain of 2 s" in retirement(deploy)
    wait_until(lambda: stream.end, within=5, what="the end of the stream")
    assert stream.end == ("IncompleteRead(0 bytes read)" if ignores_sigterm else "complete")
    assert ("1 instance killed with SIGKILL" in retirement(deploy)) is ignores_sigterm
    assert body(kept) == "version v2"
    assert_consistent(sandbox)
