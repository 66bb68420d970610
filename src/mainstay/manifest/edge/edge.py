"""The edge: the component that receives requests and forwards them."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from mainstay.manifest.base import Section
from mainstay.manifest.edge.route import RouteSection
from mainstay.manifest.edge.timeouts import TimeoutsSection
from mainstay.manifest.scalars import port
from mainstay.model.edge import Edge

_DEFAULT = Edge()


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
            routes=tuple(route.to_route() for route in self.routes),
            answer_s=self.timeouts.answer,
            body_s=self.timeouts.body,
            tunnel_s=self.timeouts.tunnel,
            release_header=release_header,
        )
