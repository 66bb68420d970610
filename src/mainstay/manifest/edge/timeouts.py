"""The section `timeouts` of the edge: how long the edge waits for services and clients."""

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.scalars import SomeDuration
from mainstay.model.edge import Edge

_DEFAULT = Edge()


class TimeoutsSection(Section):
    """How long the edge waits for services and clients."""

    answer: SomeDuration = Field(default=_DEFAULT.answer_s, examples=["5s"])
    """Time within which a service must begin its response; otherwise the edge answers 504."""

    body: SomeDuration = Field(default=_DEFAULT.body_s, examples=["2m"])
    """Time within which the body of a request must arrive, or its first 16 KB if it is larger; otherwise the edge
    answers 408."""

    tunnel: SomeDuration = Field(default=_DEFAULT.tunnel_s, examples=["12h"])
    """Time after which the edge closes an idle stream, such as a WebSocket."""
