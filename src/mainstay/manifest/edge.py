"""The edge: the component that receives requests and forwards them."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import HttpPath, Name, Port, SomeDuration, port
from mainstay.model.edge import Edge, Route

_DEFAULT = Edge()


class RouteSection(Section):
    """Requests whose path starts with `path` go to `service`; the longest path wins."""

    path: HttpPath = Field(examples=["/api"])
    """Starts with '/'; `/api` matches `/api`, `/api/` and all below, not `/apiary`.

    It is compared with the path as services read it: percent-decoded once, `//` merged, `/./` resolved. The
    service gets the path as the client sent it. A path that has a `..` segment, that cannot be decoded, or whose route
    depends on whether `%2F` is a slash, is answered 400.
    """

    service: Name = Field(examples=["backend"])
    """The service that gets the requests."""

    host: str | None = Field(default=None, examples=["shop.example"])
    """Only requests for this host."""

    listen: Port | None = Field(default=None, examples=[8081])
    """A port of its own for this route, beside the edge's."""


class TimeoutsSection(Section):
    """Time limits of the edge."""

    answer: SomeDuration = Field(default=_DEFAULT.answer_s, examples=["5s"])
    """Time within which a response must begin."""

    body: SomeDuration = Field(default=_DEFAULT.body_s, examples=["2m"])
    """The body of a request, or its first 16 KB when it is longer, must arrive within this time; otherwise 408."""

    tunnel: SomeDuration = Field(default=_DEFAULT.tunnel_s, examples=["12h"])
    """Time for which a stream may be idle."""


def _public_port(value: object) -> object:
    return 0 if value == "auto" else port(value)


PublicPort = Annotated[
    int, BeforeValidator(_public_port), WithJsonSchema({"anyOf": [{"type": "integer"}, {"const": "auto"}]})
]


class EdgeSection(Section):
    """The public listener and its routes."""

    later: ClassVar[dict[str, str]] = {
        "https": "use 'http'",
        "tls": "leave it out",
        "headers": "let the service set its headers",
        "cors": "let the service answer for its origins",
        "limits": "let the service keep its limits",
    }

    http: PublicPort = Field(default=_DEFAULT.http, examples=[80])
    """The public port. `auto` (0 in JSON) takes a free one, which is then kept."""

    routes: tuple[RouteSection, ...] = Field(default=(), examples=[[{"path": "/", "service": "web"}]])
    """Which service gets which requests."""

    timeouts: TimeoutsSection = Field(default=TimeoutsSection(), examples=[{"answer": "5s"}])
    """Time limits of the edge."""

    def to_edge(self, *, release_header: bool) -> Edge | None:
        """Return the edge; None when it has no routes."""
        if not self.routes:
            return None
        return Edge(
            http=self.http,
            routes=tuple(Route(r.path, r.service, r.host or "", r.listen or 0) for r in self.routes),
            answer_s=self.timeouts.answer,
            body_s=self.timeouts.body,
            tunnel_s=self.timeouts.tunnel,
            release_header=release_header,
        )
