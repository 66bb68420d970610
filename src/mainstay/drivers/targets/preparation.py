"""The preparation of an artifact at a target: its circumstances, and how much is present."""

from typing import Literal

import msgspec

from mainstay.system.clock import Waiter


class Preparation(msgspec.Struct, frozen=True):
    """What a step gives to the target for preparing an artifact, besides the artifact itself."""

    what: str
    """The services that run the artifact, for messages."""
    job: str
    """Prefix of the ids of the jobs that prepare the artifact, chosen by the plan."""
    waiter: Waiter
    """Waits for the jobs."""


Presence = Literal["absent", "partial", "present"]
