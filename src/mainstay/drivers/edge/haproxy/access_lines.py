"""Parse and format the lines of the edge's access log."""

from http import HTTPStatus

import msgspec

from mainstay.drivers.edge.haproxy.state_files import RELEASES
from mainstay.drivers.edge.haproxy.termination_states import ending
from mainstay.model import Revision
from mainstay.model.signals import PREVIEW

NAME = "access.log"
RELEASE = f"%[srv_name,map({RELEASES})]"
PATH_BYTES, METHOD_BYTES = 2000, 40
"""The longest path and the longest method in the log. Longer ones are cut, so that a line has at most LINE_BYTES."""
LINE_BYTES = 8192
"""The longest line. HAProxy cuts longer ones, which then are not valid JSON, so their requests would not be counted."""
FORMAT = ",".join(
    (
        '{"at":"%[date(0,ms),div(1000),utime(%Y-%m-%dT%H:%M:%S)].%[date(0,ms),concat(),bytes(10,3)]Z"',
        '"door":"%f"',
        '"service":"%[var(txn.service)]"',
        '"slot":"%s"',
        f'"release":"{RELEASE}"',
        # A method consists of letters and signs that JSON does not escape.
        f'"method":"%[var(txn.method),bytes(0,{METHOD_BYTES})]"',
        f'"path":"%[var(txn.path),bytes(0,{PATH_BYTES}),json(utf8s)]"',
        '"route":"%[var(txn.matched)]"',  # Percent-encoded.
        '"status":%ST',
        '"bytes":%B',
        '"request_ms":%TR',
        '"queue_ms":%Tw',
        '"connect_ms":%Tc',
        '"answer_ms":%Tr',
        '"total_ms":%Ta',
        '"ended":"%ts"',
        '"retries":"%rc"',
        '"id":"%[var(txn.id)]"}',
    )
)
"""The `log-format` of a line, which is a JSON object. The path is without the query, since a query may hold secrets."""


class AccessLogEntry(msgspec.Struct, frozen=True):
    """One request in the edge's access log.

    Durations are in milliseconds; -1: the request did not reach that stage.
    """

    at: str
    """When the request ended, in UTC: `2026-11-27T15:00:00.000Z`."""
    door: str
    """The frontend that received the request: `door:PORT`, `preview`, `listener:SERVICE` or `assets:…` (a bridge)."""
    service: str
    """The service that was to handle the request; `-`: none, because the front door redirected or refused the
    request, or no route matches."""
    server: str = msgspec.field(name="slot")
    """HAProxy's name of the slot: `web.s2`; `<NOSRV>`: the request reached no instance."""
    number: str = msgspec.field(name="release")
    """The release as HAProxy logs it; `release` is the number."""
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
    """HAProxy's termination state, for example `--`: the response is complete; `SH`: the instance closed the connection
    before it responded."""
    attempts: str = msgspec.field(name="retries")
    """The number of retries as HAProxy logs it: with `+` before it when HAProxy sent the request to another slot."""
    id: str
    route: str = ""
    """Host and path of the route in the manifest; `preview`; `-` if a service sent the request or no route matches."""

    @property
    def slot(self) -> int | None:
        """The number of the slot, from 1; None: the request reached no instance."""
        number = self.server.rpartition(".")[2][1:]
        return int(number) if number.isdigit() else None

    @property
    def preview(self) -> bool:
        """Whether the request came through the preview door, or a service sent it while handling such a request."""
        return self.route == PREVIEW

    @property
    def release(self) -> int | None:
        """The release of the instance that received the request; None: the request reached no instance."""
        return int(self.number) if self.number.isdigit() and self.number != "0" else None

    @property
    def retries(self) -> int:
        return int(self.attempts)


class Lost(msgspec.Struct, frozen=True):
    """A gap in the access log: HAProxy dropped `lost` lines before the time `at`."""

    at: str
    lost: int


def described(entry: AccessLogEntry | Lost) -> str:
    """Return *entry* as text for people: `GET /a 200 3 ms web@41`."""
    if isinstance(entry, Lost):
        return f"{entry.lost} lines of the access log are missing: HAProxy dropped them"
    revision = str(Revision(entry.service, entry.release)) if entry.release else ""
    responded = revision or f"{entry.service}, no instance responded"
    inside = ", from inside" if entry.door.startswith("listener:") else ""
    inside += ", preview" if entry.preview else ""
    if entry.service == "-":
        responded = "no route" if entry.status == HTTPStatus.NOT_FOUND else "the front door responded"
    return f"{entry.method} {entry.path} {entry.status} {entry.total_ms} ms {responded}{inside}{ending(entry.ended)}"


def read(line: bytes) -> AccessLogEntry | Lost:
    """Return the entry or gap in a line of the log. Raises ValueError (msgspec.DecodeError) for an incomplete line."""
    if line.startswith(b'{"at":') and b'"lost":' in line and b'"door":' not in line:
        return msgspec.json.decode(line, type=Lost)
    return ENTRIES.decode(line)


ENTRIES = msgspec.json.Decoder(AccessLogEntry)
