"""Synthetic requests: Mainstay sends them to the new and the old release while users send too few to compare."""

from typing import Literal

import msgspec

from mainstay.model.edge import Edge
from mainstay.model.flow import Flows

WhenQuiet = Literal["hold", "pass", "fail"]
"""What an observation does when its time is over and users sent too few requests to compare. hold: it waits for more,
up to a limit, and then fails · pass: it passes · fail: it fails at once."""


class SyntheticRequests(msgspec.Struct, frozen=True):
    """The same requests for the new release and for the one that it replaces, sent through the preview door."""

    flows: Flows
    """The requests: each flow has one step, a GET."""
    edge: Edge
    """The edge whose routes the requests take."""
    version: str
    """The value of the placeholder `{version}` in requests to the new release."""
    replaced_version: str
    """The value of the placeholder `{version}` in requests to the replaced release."""
