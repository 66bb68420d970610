"""The paths that probes request: `/live`, `/ready`, `/health` and `/ping`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Outcome, Part
from mainstay_kit.chain.exchange import Exchange
from mainstay_kit.chain.response import Response, json_response, text_response

from .dependency import Dependencies, Dependency, Finding
from .stopping import GracefulStop

NO_STORE = (b"cache-control", b"no-store")
Document = Mapping[str, object]
Predicate = Callable[[Exchange], bool]
Probe = Callable[[Exchange], Outcome]


def deny_all(_exchange: Exchange) -> bool:
    return False


class Probes(Part):
    """`/live`: the process responds. `/ready`: it may get traffic. `/health`: its dependencies are up. `/ping`: pong.

    Liveness never checks a dependency: an unavailable database must not restart every instance. Readiness does, and
    fails as soon as the service begins to stop. Any client sees the status; names, reasons and times are shown only to
    requests that `may_read_details` accepts, because they show an attacker where to apply pressure. `shape` turns the
    document of `/ready` and `/health` into the one that is sent. The probes are at each of `prefixes`.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        dependencies: Sequence[Dependency] = (),
        stop: GracefulStop | None = None,
        version: str = "",
        may_read_details: Predicate = deny_all,
        shape: Callable[[Document], Document] = dict,
        prefixes: Iterable[str] = ("", "/api/monitoring"),
    ) -> None:
        self._dependencies = Dependencies(dependencies)
        self.stop = stop
        self._version = version
        self._may_read_details = may_read_details
        self._shape = shape
        self._live_response = json_response(200, {"status": "ok"}, NO_STORE)
        self._pong_response = text_response(200, "pong")
        probes: dict[str, Probe] = {
            "/live": lambda _exchange: self._live_response, "/ping": lambda _exchange: self._pong_response,
            "/ready": self._ready, "/health": self._check_dependencies,
        }  # fmt: skip
        self._probes = {prefix + path: probe for prefix in prefixes for path, probe in probes.items()}
        self.paths = frozenset(self._probes)
        super().__init__(app)

    def on_request(self, exchange: Exchange) -> Outcome:
        probe = self._probes.get(exchange.path)
        if probe is None or exchange.websocket or exchange.method not in {"GET", "HEAD"}:
            return None
        exchange.probe = True
        return probe(exchange)

    def _ready(self, exchange: Exchange) -> Response | Awaitable[Response]:
        if self.stop is not None and self.stop.stopping:
            return json_response(503, {"status": "stopping"}, NO_STORE)
        return self._check_dependencies(exchange)

    async def _check_dependencies(self, exchange: Exchange) -> Response:
        findings = await self._dependencies.check_all()
        healthy = all(finding.up for finding in findings if finding.required)
        document: dict[str, object] = {"status": "ok" if healthy else "unavailable"}
        if self._may_read_details(exchange):
            document["version"] = self._version
            document["checks"] = [_finding_document(finding) for finding in findings]
        return json_response(200 if healthy else 503, self._shape(document), NO_STORE)


def _finding_document(finding: Finding) -> Document:
    document: dict[str, object] = {
        "name": finding.name,
        "status": "up" if finding.up else "down",
        "required": finding.required,
        "took_s": round(finding.took_s, 4),
    }
    return document if finding.up else {**document, "why": finding.reason}
