"""The time limits of the edge."""

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import SomeDuration
from mainstay.model.edge import Edge

_DEFAULT = Edge()


class TimeoutsSection(Section):
    """Time limits of the edge."""

    answer: SomeDuration = Field(default=_DEFAULT.answer_s, examples=["5s"])
    """Time within which a response must begin."""

    body: SomeDuration = Field(default=_DEFAULT.body_s, examples=["2m"])
    """The body of a request, or its first 16 KB when it is longer, must arrive within this time; otherwise 408."""

    tunnel: SomeDuration = Field(default=_DEFAULT.tunnel_s, examples=["12h"])
    """Time for which a stream may be idle."""
