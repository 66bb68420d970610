"""Parse HAProxy's replies to runtime API commands. Pure functions.

Each function except `refusal` raises UnexpectedReply for a text that is not the reply to its command. Each file in
`tests/drivers/edge/haproxy/replies` is a test case with a reply.
"""

import csv
from collections.abc import Callable
from functools import wraps
from typing import Literal, TypeVar

import msgspec

from mainstay.errors import Unreachable
from mainstay.model.signals import LATE_S

State = Literal["ready", "drain", "maint"]
T = TypeVar("T")

_FORCED_MAINT, _FORCED_DRAIN, _CONFIGURED_MAINT = 0x01, 0x08, 0x04
_RUNNING = 2
_ERROR = 3
"""Replies with a syslog severity of at most this number are errors. HAProxy replies to a new address with a warning
whether or not it accepts the address, so the caller reads addresses back."""
_SHOWN = 200


class UnexpectedReply(Unreachable):
    """HAProxy's reply is not what its documentation describes."""

    def __init__(self, text: str) -> None:
        shown = " ".join(text.split())[:_SHOWN] or "it is empty"
        super().__init__(f"unexpected reply from the HAProxy runtime API: {shown}", remedy="mainstay logs edge")


class ServerState(msgspec.Struct, frozen=True):
    """The state of one server as a worker reports it. `up`: the worker's own connection checks succeed."""

    address: str
    weight: int
    state: State
    up: bool

    @property
    def receives_requests(self) -> bool:
        return self.state == "ready" and self.up and self.weight > 0


def _strict(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return *parse*, changed to raise UnexpectedReply for a missing field or a value that is not a number."""

    @wraps(parse)
    def checked(text: str) -> T:
        try:
            return parse(text)
        except (LookupError, ValueError):
            raise UnexpectedReply(text) from None

    return checked


@_strict
def info(text: str) -> dict[str, str]:
    """Return the fields of `show info` by name."""
    fields = dict(line.split(":", 1) for line in text.splitlines() if line.strip())
    int(fields["Pid"])
    return {name: value.strip() for name, value in fields.items()}


@_strict
def servers(text: str) -> dict[str, ServerState]:
    """Return the state of each server by its name, from `show servers state`."""
    return {row["srv_name"]: _server(row) for row in _rows(text)}


@_strict
def connections(text: str) -> dict[str, int]:
    """Return, by server name, the number of connections with a request in flight, from `show servers conn`."""
    return {row["bkname/svname"].partition("/")[2]: int(row["used_cur"]) for row in _rows(text)}


@_strict
def fingerprint(text: str) -> str:
    """Return the SHA-1 fingerprint in hexadecimal digits, from `show ssl cert`."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)["SHA1 FingerPrint"].strip()


@_strict
def failed_attempts(text: str) -> dict[str, int]:
    """Return the number of failed attempts to reach each server, by its name, from `show stat`.

    An attempt counts too when the request then reached another server.
    """
    head, *rows = text.strip().splitlines()
    table = csv.DictReader([head.removeprefix("# "), *rows])
    return {row["svname"]: int(row["econ"]) + int(row["wretr"]) + int(row["wredis"]) for row in table}


@_strict
def late(text: str) -> dict[str, str]:
    """Return the server of each late request, by the address of the request's stream, from `show sess`.

    A late request is at least `LATE_S` seconds old and waits for the beginning of its response.
    """
    found = {}
    for line in filter(str.strip, text.splitlines()):
        stream, _, fields = line.partition(": ")
        age = fields.split(" age=", 1)[1].partition(" ")[0]
        analysers = fields.split(" rp[", 1)[1].split("an=", 1)[1].partition("h")[0]
        server = fields.partition(" srv=")[2].partition(" ")[0]  # HAProxy's own streams have none.
        waits = not age.removesuffix("s").isdigit() or int(age[:-1]) >= LATE_S
        if waits and int(analysers, 16) and server not in ("", "<none>"):
            found[stream] = server
    return found


@_strict
def map_entries(text: str) -> dict[str, str]:
    """Return the values by key from `show map`, whose lines have a reference, a key and a value."""
    rows = [line.split(maxsplit=2) for line in text.splitlines() if line.strip()]
    for reference, _, _ in rows:
        int(reference, 16)
    return {key: value for _, key, value in rows}


@_strict
def workers(text: str) -> list[str]:
    """Return the pids of the current worker and of old ones that finish requests, from the master's `show proc`."""
    rows = [row for line in text.splitlines() if len(row := line.split()) > 1 and row[0].isdigit()]
    if not any(row[1] == "master" for row in rows):
        raise ValueError
    return [row[0] for row in rows if row[1] == "worker"]


def refusal(text: str) -> str:
    """Return the first line that is an error, as `[3]: No such server.`; empty when HAProxy accepted all commands."""
    return next((line for line in text.splitlines() if _severity(line) <= _ERROR), "")


def _severity(line: str) -> int:
    number, bracket, _ = line.removeprefix("[").partition("]")
    return int(number) if bracket and line.startswith("[") and number.isdigit() else 99


def _rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a table whose column names are in the line that begins with `# `."""
    lines = [line for line in text.splitlines() if " " in line]
    names = next((line for line in lines if line.startswith("# ")), None)
    if names is None:
        raise ValueError
    return [dict(zip(names[2:].split(), line.split(), strict=False)) for line in lines if line[0] != "#"]


def _server(row: dict[str, str]) -> ServerState:
    admin = int(row["srv_admin_state"]) & ~_CONFIGURED_MAINT
    state: State = "ready"
    if admin & ~_FORCED_DRAIN:
        state = "maint"
    elif admin & _FORCED_DRAIN:
        state = "drain"
    up = int(row["srv_op_state"]) == _RUNNING
    return ServerState(f"{row['srv_addr']}:{row['srv_port']}", int(row["srv_uweight"]), state, up)
