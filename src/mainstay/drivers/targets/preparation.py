"""What a target needs to prepare an artifact (`Preparation`), and how much of the artifact is there (`Presence`)."""

from typing import Literal

import msgspec

from mainstay.system.clock import Waiter


class Preparation(msgspec.Struct, frozen=True):
    """What a target needs from a step to prepare an artifact, besides the artifact itself."""

    what: str
    """Names of the services that run the artifact, for messages."""
    job: str
    """Prefix of the ids of the jobs that prepare the artifact, chosen by the plan."""
    waiter: Waiter
    """Waits for the jobs."""


Presence = Literal["absent", "partial", "present"]
