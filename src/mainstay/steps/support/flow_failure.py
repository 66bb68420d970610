"""The message about an unexpected response to a smoke flow: request, response, expectation and log, without secrets."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mainstay.drivers.world import World
from mainstay.judging.flow import route_of
from mainstay.judging.masking import masked, masked_body, masked_headers
from mainstay.model import Edge, Revision
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.model.log_lines import LogLine, LogQuery
from mainstay.text.printable import harmless
from mainstay.text.tail import folded

LONGEST_BODY = 2048
"""Characters of a body that the message shows."""
READ_LINES = 500
"""Number of lines at the end of a log among which the lines of the request are searched."""
LOG_SLACK = timedelta(seconds=0.5)
"""A log line that is dated up to this long before the request counts as written after it."""
AWAITED_S = 1.0
"""Maximum seconds to wait until the service has written log lines about the request."""


class Failure:
    """An unexpected response to a request of a smoke flow, or a missing one (`response` is None)."""

    def __init__(
        self,
        flow: str,
        door: EntranceName,
        request: HttpRequest,
        response: HttpResponse | None,
        problems: tuple[str, ...],
        at: datetime,
        edge: Edge | None,
    ) -> None:
        self.flow = flow
        self.door = door
        self.request = request
        self.response = response
        self.problems = problems
        self.at = at
        """When the request was sent for the first time."""
        route = route_of(request.path, request.host.partition(":")[0], edge) or route_of(request.path, "", edge)
        self.service = route.service if route else ""

    @property
    def remedy(self) -> str:
        release = self.release
        return f"mainstay logs {self.service or 'edge'}" + (f" --release {release}" if release else "")

    @property
    def release(self) -> int | None:
        """The number of the release that responded; None when the response does not show it."""
        found = dict(self.response.headers).get("x-mainstay-release", "") if self.response and self.service else ""
        return int(found) if found.isdecimal() else None


def failure_text(world: World, failure: Failure, secrets: Iterable[str], previewed: Mapping[str, int] = {}) -> str:
    """Return what failed, then the request, the response and the service's log of that time, with *secrets* hidden.

    *previewed* are the revisions behind the preview door, by service. Their logs are added, because the fault may be in
    a service that the failed one calls.
    """
    request, response = failure.request, failure.response
    what = f"{request.method} {request.path}"
    lines = [
        f"smoke flow '{failure.flow}' failed through the {failure.door} door: {what}: {'; '.join(failure.problems)}",
        f"    request:  {what}",
        *(f"      {name}: {value}" for name, value in (("Host", request.host), *masked_headers(request.headers))),
        *_body(request.body),
    ]
    if response is not None:
        lines.append(f"    response: {response.status} after {response.took_s:.2f} s")
        lines += (f"      {name}: {value}" for name, value in masked_headers(response.headers))
        lines += _body(response.body)
    lines += _log(failure.service, _awaited_lines(world, failure))
    for service, release in previewed.items():
        if service != failure.service:
            lines += _log(str(Revision(service, release)), _lines_of(world, service, release, failure.at))
    return harmless(masked("\n".join(lines), secrets))


def _body(body: bytes) -> list[str]:
    text = masked_body(body)
    if not text:
        return []
    more = f" … ({len(text):,} characters)" if len(text) > LONGEST_BODY else ""
    return [f"      {line}" for line in (text[:LONGEST_BODY] + more).splitlines()]


def _log(name: str, lines: list[str]) -> list[str]:
    return [f"    log of {name}:", *(f"      {line}" for line in folded(lines))] if lines else []


def _awaited_lines(world: World, failure: Failure) -> list[str]:
    """Return the lines that the service wrote since the request; wait up to AWAITED_S seconds for them."""
    if not failure.service:
        return []
    until = world.clock.monotonic() + AWAITED_S
    while True:
        lines = _lines_of(world, failure.service, failure.release, failure.at)
        if lines or world.clock.monotonic() >= until:
            return lines
        world.clock.pause(0.1)


def _lines_of(world: World, service: str, release: int | None, since: datetime) -> list[str]:
    query = LogQuery(READ_LINES, release=release)
    return [each.line for each in world.target.logs(service, query) if _is_since(each, since)]


def _is_since(line: LogLine, at: datetime) -> bool:
    try:
        return datetime.fromisoformat(line.at) >= at - LOG_SLACK
    except (ValueError, TypeError):
        return False
