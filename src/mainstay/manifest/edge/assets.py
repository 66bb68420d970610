"""The section `assets` of a route: how clients cache its static files."""

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import SomeDuration


class AssetsSection(Section):
    """Static files whose names change with their content, such as `app.3f9a.css`. Successful responses to GET and HEAD
    get a `Cache-Control` header, and a file that one of two running releases lacks is served by the other."""

    cache: SomeDuration = Field(default=365 * 86400.0, examples=["365d"])
    """Time for which browsers and CDNs use their copy of a file without a new request:
    `Cache-Control: public, max-age=…, immutable`.

    Errors get `no-store`. A response that the service marks as `no-store`, `no-cache` or `private`, or that sets a
    cookie, keeps the header of the service.
    """
