"""HAProxy's replies, as recorded from real ones. Each file in `replies/` is a case; to add one, add a file.

It begins with the function of `replies.py` that parses it, and what that must return (`result`, or `includes` for a
part of it) or raise (`error`), as JSON. The reply follows after a line of three dashes.
"""

import json
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.edge.haproxy import replies
from mainstay.drivers.edge.haproxy.replies import ServerState, UnexpectedReply

CASES = sorted(Path(__file__).with_name("replies").glob("*.txt"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_recorded_reply_is_parsed_or_named_as_unexpected(path: Path) -> None:
    head, _, reply = path.read_text().partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    parse = getattr(replies, fields["parser"])
    if "error" in fields:
        with pytest.raises(UnexpectedReply) as raised:
            parse(reply)
        assert str(raised.value) == json.loads(fields["error"])
        return
    found = msgspec.to_builtins(parse(reply))
    if "includes" in fields:
        included = json.loads(fields["includes"])
        assert {name: found[name] for name in included} == included
    else:
        assert found == json.loads(fields["result"])


@pytest.mark.parametrize("parser", ["info", "servers", "connections", "workers"])
def test_an_empty_reply_is_unexpected(parser: str) -> None:
    with pytest.raises(UnexpectedReply, match="unexpected reply from the HAProxy runtime API: it is empty"):
        getattr(replies, parser)("\n")


def test_the_error_shows_only_the_beginning_of_a_long_reply() -> None:
    with pytest.raises(UnexpectedReply) as raised:
        replies.info("x" * 5000)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("server", "receives"),
    [
        (ServerState("127.0.0.1:3000", 1, "ready", up=True), True),
        (ServerState("127.0.0.1:3000", 0, "ready", up=True), False),
        (ServerState("127.0.0.1:3000", 1, "ready", up=False), False),
        (ServerState("127.0.0.1:3000", 1, "drain", up=True), False),
    ],
    ids=["ready", "weight 0", "checks fail", "drain"],
)
def test_a_server_receives_requests_when_it_is_ready_up_and_has_a_weight(server: ServerState, receives: bool) -> None:
    assert server.receives_requests == receives
