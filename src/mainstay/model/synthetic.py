"""Synthetic requests: what Mainstay itself sends to both releases while users send too few requests to compare."""

from typing import Literal

import msgspec

from mainstay.model.edge import Edge
from mainstay.model.flow import Flows

WhenQuiet = Literal["hold", "pass", "fail"]
"""What an observation does when its time is over and there were too few requests to compare: it goes on until its limit
and then fails, it passes, or it fails at once."""


class SyntheticRequests(msgspec.Struct, frozen=True):
    """The requests, which are the same for both releases. They are sent through the preview door."""

    flows: Flows
    """Each has one GET."""
    edge: Edge
    """The edge whose routes they take."""
    version: str
    """The value of `{version}`."""
    replaced_version: str
    """The same in the release that is replaced."""
