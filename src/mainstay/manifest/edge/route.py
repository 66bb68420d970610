"""A route: which requests go to which service."""

from typing import Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.edge.assets import AssetsSection
from mainstay.manifest.edge.host import PLAIN_PATH, Host
from mainstay.manifest.scalars import HttpPath, Name, Port, shown
from mainstay.model.edge import Route


class RouteSection(Section):
    """Requests whose path starts with `path` go to `service`. An exact host wins over a wildcard, a wildcard over every
    host, and then the longest path wins."""

    path: HttpPath = Field(examples=["/api"])
    """The beginning of the path, from '/' on. `/api` matches `/api`, `/api/` and all below, not `/apiary`.

    The edge compares it with the path as services read it: percent-decoded once, `//` merged, `/./` resolved. The
    service gets the path as the client sent it, unless `strip` is set. A request is answered 400 if its path has a `..`
    segment, cannot be decoded, or takes another route depending on whether `%2F` is a slash.
    """

    service: Name = Field(examples=["backend"])
    """The service that gets the requests."""

    host: Host | None = Field(default=None, examples=["shop.example"])
    """The route matches only requests for this host. `*.shop.example` matches names with exactly one more label, as in
    certificates: `a.shop.example`, not `shop.example` or `a.b.shop.example`. `*` matches every host, like a route
    without `host`."""

    strip: bool = Field(default=False, examples=[True])
    """Whether the edge removes `path` from the beginning of the path that the service gets: with `path: /api`, the
    service gets `/x` for `/api/x` and `/` for `/api`. The path is then normalized too, and the header
    `X-Forwarded-Prefix` contains the removed part."""

    listen: Port | None = Field(default=None, examples=[8081])
    """The port of a front door of its own for this route, with http only. Default: `http` and `https` of the edge."""

    assets: AssetsSection | None = Field(default=None, examples=[{"cache": "365d"}])
    """Declares that only static files are below `path`. Clients cache them, and while two releases run, a file that one
    of them lacks is served by the other."""

    @model_validator(mode="after")
    def _can_be_stripped(self) -> Self:
        if self.strip and not PLAIN_PATH.fullmatch(self.path):
            what = f"'strip' with {shown(self.path)}, which has characters that clients may encode"
            raise rule_error("not-plain-path", what, "use letters, digits and / . _ ~ -, or leave 'strip' out")
        return self

    @model_validator(mode="after")
    def _keeps_no_pages(self) -> Self:
        if self.assets and self.path == "/" and not self.host:
            what = "'assets' for the path '/' would let clients keep every page"
            remedy = "write the path of the static files, such as /assets, or give the route a host of its own"
            raise rule_error("assets-everywhere", what, remedy)
        return self

    def to_route(self) -> Route:
        """Return the route for the edge."""
        assets_s = max(1, round(self.assets.cache)) if self.assets else 0
        return Route(self.path, self.service, self.host or "", self.listen or 0, self.strip, assets_s=assets_s)
