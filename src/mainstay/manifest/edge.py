"""The edge: what receives requests and passes them on."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from mainstay.manifest.model import Model
from mainstay.manifest.quantities import HttpPath, Name, Port, SomeDuration, port


class Route(Model):
    """Requests whose path starts with `path` go to `service`; the longest path wins."""

    path: HttpPath
    """Starts with '/'; `/api` matches `/api`, `/api/` and all below, not `/apiary`.

    It is compared with the path as services read it: percent-decoded once, `//` merged, `/./` and `/../` resolved. The
    service gets the path as the client sent it. A path that cannot be decoded, or whose route depends on whether `%2F`
    is a slash, is answered 400.
    """

    service: Name
    """Who answers."""

    host: str | None = None
    """Only requests for this host."""

    listen: Port | None = None
    """A front door of its own, beside the edge's."""


class Timeouts(Model):
    """Limits on what the edge waits for."""

    answer: SomeDuration = 60.0
    """An answer must begin within this time."""

    body: SomeDuration = 30.0
    """The body of a request, or its first 16 KB when it is longer, must arrive within this time; otherwise 408."""

    tunnel: SomeDuration = 3600.0
    """A stream may be idle for this long."""


def _front_door(value: object) -> object:
    return 0 if value == "auto" else port(value)


class Edge(Model):
    """The front door and what lies behind it."""

    later: ClassVar[dict[str, str]] = {
        "https": "use 'http'",
        "tls": "leave it out",
        "headers": "let the service set its headers",
        "cors": "let the service answer for its origins",
        "limits": "let the service keep its limits",
    }

    http: Annotated[
        int, BeforeValidator(_front_door), WithJsonSchema({"anyOf": [{"type": "integer"}, {"const": "auto"}]})
    ] = 8080
    """The port of the front door; `auto` (0 for programs) takes a free one, which is then kept."""

    routes: tuple[Route, ...] = ()
    """Who answers what."""

    timeouts: Timeouts = Timeouts()
    """How long the edge waits."""
