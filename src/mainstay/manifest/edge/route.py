"""A route: which requests go to which service."""

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import HttpPath, Name, Port
from mainstay.model.edge import Route


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

    def to_route(self) -> Route:
        """Return the route."""
        return Route(self.path, self.service, self.host or "", self.listen or 0)
