"""Parse and format the lines of the edge's access log."""

from http import HTTPStatus

import msgspec

from mainstay.drivers.edge.haproxy.state_files import RELEASES
from mainstay.model import Revision
from mainstay.model.signals import PREVIEW

NAME = "access.log"
RELEASE = f"%[srv_name,map({RELEASES})]"
FORMAT = ",".join(
    (
        '{"at":"%[date(0,ms),div(1000),utime(%Y-%m-%dT%H:%M:%S)].%[date(0,ms),concat(),bytes(10,3)]Z"',
        '"door":"%f"',
        '"service":"%[var(txn.service)]"',
        '"slot":"%s"',
        f'"release":"{RELEASE}"',
        '"method":"%[var(txn.method)]"',  # A method consists of letters and signs that JSON does not escape.
        '"path":"%[var(txn.path),json(utf8s)]"',
        '"route":"%[var(txn.matched),json(utf8s)]"',
        '"status":%ST',
        '"bytes":%B',
        '"request_ms":%TR',
        '"queue_ms":%Tw',
        '"connect_ms":%Tc',
        '"answer_ms":%Tr',
        '"total_ms":%Ta',
        '"ended":"%ts"',
        '"retries":"%rc"',
        '"id":"%[var(txn.id),json(utf8s)]"}',
    )
)
"""HAProxy's format of a line. The path has no query, since queries may hold secrets."""


class AccessLogEntry(msgspec.Struct, frozen=True):
    """One request in the edge's access log. Times are in milliseconds; -1: the request did not reach that stage."""

    at: str
    """When the request ended."""
    door: str
    service: str
    """`-`: the front door responded itself: it redirected or refused the request, or no route matches."""
    server: str = msgspec.field(name="slot")
    """HAProxy's name of the slot: `web.s2`, or `<NOSRV>`."""
    number: str = msgspec.field(name="release")
    method: str
    path: str
    status: int
    bytes: int
    request_ms: int
    queue_ms: int
    connect_ms: int
    answer_ms: int
    total_ms: int
    ended: str
    """HAProxy's termination state: `--` is a complete response, `SH` a service that ended before it responded, …"""
    attempts: str = msgspec.field(name="retries")
    """The number of retries, after `+` when HAProxy sent the request to another slot."""
    id: str
    route: str = ""
    """Host and path of the route as the manifest has them; `preview`; `-` when a service called, or none matches."""

    @property
    def slot(self) -> int | None:
        """Counts from 1; None: the request reached no instance."""
        number = self.server.rpartition(".")[2][1:]
        return int(number) if number.isdigit() else None

    @property
    def preview(self) -> bool:
        """Whether it came through the preview door, or is the call of a service for such a request."""
        return self.route == PREVIEW

    @property
    def release(self) -> int | None:
        """None: the request reached no instance."""
        return int(self.number) if self.number.isdigit() and self.number != "0" else None

    @property
    def retries(self) -> int:
        return int(self.attempts)


class Lost(msgspec.Struct, frozen=True):
    """A gap in the log: HAProxy dropped `lost` lines before `at`."""

    at: str
    lost: int


def described(entry: AccessLogEntry | Lost) -> str:
    """Return an entry formatted for display: `GET /a 200 3 ms web@41`."""
    if isinstance(entry, Lost):
        return f"{entry.lost} lines of the access log are missing: HAProxy dropped them"
    revision = str(Revision(entry.service, entry.release)) if entry.release else ""
    responded = revision or f"{entry.service}, no instance responded"
    inside = ", from inside" if entry.door.startswith("listener:") else ""
    inside += ", preview" if entry.preview else ""
    if entry.service == "-":
        responded = "no route" if entry.status == HTTPStatus.NOT_FOUND else "the front door responded"
    how = "" if entry.ended in ("--", *_OWN_RESPONSES) else f", ended {entry.ended}"
    return f"{entry.method} {entry.path} {entry.status} {entry.total_ms} ms {responded}{inside}{how}"


def read(line: bytes) -> AccessLogEntry | Lost:
    """Parse one line of the log. Raises ValueError (or its subclass msgspec.DecodeError) for an incomplete line."""
    if line.startswith(b'{"at":') and b'"lost":' in line and b'"door":' not in line:
        return msgspec.json.decode(line, type=Lost)
    return ENTRIES.decode(line)


_OWN_RESPONSES = ("LR", "PR")
"""The termination states of HAProxy's own responses, by a rule that returns or refuses."""
ENTRIES = msgspec.json.Decoder(AccessLogEntry)
