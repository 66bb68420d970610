"""Status values, as operators read them, and the table of instance states."""

import pytest

from mainstay.model import Edge, Exit, Route, TrafficStatus
from mainstay.model.status import INSTANCE_STATES


@pytest.mark.parametrize(
    ("last", "how"),
    [
        (Exit("now", code=3), "exit code 3"),
        (Exit("now", code=0, reason="left the foreground"), "exit code 0 (left the foreground)"),
        (Exit("now", signal="SIGKILL", reason="out of memory"), "SIGKILL (out of memory)"),
        (Exit("now", reason="could not be started: no space"), "could not be started: no space"),
        (Exit("now"), "unknown exit code"),
    ],
)
def test_an_end_is_described_by_code_or_signal_and_reason(last: Exit, how: str) -> None:
    assert last.how == how


def test_every_state_may_follow_another_one() -> None:
    reachable = {after for row in INSTANCE_STATES.values() for after in row.then}
    assert reachable == INSTANCE_STATES.keys()


@pytest.mark.parametrize(
    ("routes", "shown"),
    [
        ((), "https://127.0.0.1:8443"),
        ((Route("/", "web"), Route("/", "api", "api.example")), "https://127.0.0.1:8443"),
        ((Route("/", "web", "*.a.example"), Route("/", "web", "b.example")), "https://b.example:8443"),
        ((Route("/", "web", "*.a.example"),), "https://*.a.example:8443"),
        ((Route("/", "web", "a.example"), Route("/", "admin", listen=9000)), "https://a.example:8443"),
        ((Route("/", "web", "a.example", listen=8080), Route("/x", "web", "b.example")), "https://a.example:8443"),
    ],
)
def test_the_address_to_open_has_a_host_where_every_route_names_one(routes: tuple[Route, ...], shown: str) -> None:
    serving = TrafficStatus({}, {}, edge=Edge(http=8080, routes=routes), url="https://127.0.0.1:8443")
    assert serving.public_url == shown


def test_without_a_front_door_there_is_no_address_to_open() -> None:
    assert TrafficStatus({}, {}).public_url == ""
