"""Probes: health, ready, live and ping."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from mainstay_kit.chain.answer import Answer, json_answer, text_answer
from mainstay_kit.chain.asgi import ASGIApp
from mainstay_kit.chain.chain import Outcome, Part
from mainstay_kit.chain.exchange import Exchange

from .dependency import Dependencies, Dependency, Finding
from .stopping import GracefulStop

NO_STORE = (b"cache-control", b"no-store")
Document = Mapping[str, object]
MayRead = Callable[[Exchange], bool]
Probe = Callable[[Exchange], Outcome]


def nobody(_exchange: Exchange) -> bool:
    return False


class Probes(Part):
    """`/live`: the process responds. `/ready`: it may get traffic. `/health`: its dependencies are up. `/ping`: pong.

    Liveness never checks a dependency: an unavailable database must not restart every instance. Readiness does, and
    fails as soon as the service begins to stop. Any client sees the status; names, reasons and times are shown only to
    requests that `details` accepts, because they show an attacker where to apply pressure.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        dependencies: Sequence[Dependency] = (),
        stop: GracefulStop | None = None,
        version: str = "",
        details: MayRead = nobody,
        shape: Callable[[Document], Document] = dict,
        prefixes: Iterable[str] = ("", "/api/monitoring"),
    ) -> None:
        self._dependencies = Dependencies(dependencies)
        self.stop = stop
        self._version = version
        self._details = details
        self._shape = shape
        self._alive = json_answer(200, {"status": "ok"}, NO_STORE)
        self._pong = text_answer(200, "pong")
        probes: dict[str, Probe] = {
            "/live": lambda _exchange: self._alive, "/ping": lambda _exchange: self._pong,
            "/ready": self._ready, "/health": self._health,
        }  # fmt: skip
        self._probes = {prefix + path: probe for prefix in prefixes for path, probe in probes.items()}
        self.paths = frozenset(self._probes)
        super().__init__(app)

    def enter(self, exchange: Exchange) -> Outcome:
        probe = self._probes.get(exchange.path)
        if probe is None or exchange.websocket or exchange.method not in {"GET", "HEAD"}:
            return None
        exchange.probe = True
        return probe(exchange)

    def _ready(self, exchange: Exchange) -> Answer | Awaitable[Answer]:
        if self.stop is not None and self.stop.stopping:
            return json_answer(503, {"status": "stopping"}, NO_STORE)
        return self._look(exchange)

    def _health(self, exchange: Exchange) -> Awaitable[Answer]:
        return self._look(exchange)

    async def _look(self, exchange: Exchange) -> Answer:
        findings = await self._dependencies.look()
        well = all(finding.up for finding in findings if finding.required)
        document: dict[str, object] = {"status": "ok" if well else "unavailable"}
        if self._details(exchange):
            document["version"] = self._version
            document["checks"] = [_shown(finding) for finding in findings]
        return json_answer(200 if well else 503, self._shape(document), NO_STORE)


def _shown(finding: Finding) -> Document:
    shown: dict[str, object] = {
        "name": finding.name,
        "status": "up" if finding.up else "down",
        "required": finding.required,
        "took_s": round(finding.took_s, 4),
    }
    return shown if finding.up else {**shown, "why": finding.why}
