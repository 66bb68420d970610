"""A smoke flow: requests to the system, and what each response must be."""

from typing import Any, Literal

import msgspec

SmokeWrites = Literal["front", "preview"]
"""The doors for flows that change data: only the front door, or before it also the preview door (`preview`)."""

Comparison = Literal["equals", "at_least", "at_most", "matches", "exists", "count"]


class JsonExpectation(msgspec.Struct, frozen=True):
    """What the values at the JSONPath `path` must be. `comparisons` has what each is compared with."""

    path: str
    comparisons: dict[Comparison, Any]


class Expectation(msgspec.Struct, frozen=True):
    """What a response must be. Texts may contain placeholders."""

    status: tuple[int, ...] = ()
    """The allowed statuses; empty: every status."""
    json: tuple[JsonExpectation, ...] = ()
    headers: dict[str, str] = {}
    body_contains: str = ""
    body_matches: str = ""
    """A regular expression."""
    within_s: float = 0.0
    """Seconds; 0: only the time limit of the request."""

    @property
    def is_empty(self) -> bool:
        return not (self.status or self.json or self.headers or self.body_contains or self.body_matches)


class FlowStep(msgspec.Struct, frozen=True):
    """One request. Texts may contain placeholders."""

    method: str
    path: str
    headers: dict[str, str] = {}
    json: Any = None
    """The body; None: no body."""
    expect: Expectation = Expectation()
    keep: dict[str, str] = {}
    """Names for later steps, each with the JSONPath of its value in the response."""


class Flow(msgspec.Struct, frozen=True):
    """The requests of one flow, in order."""

    name: str
    steps: tuple[FlowStep, ...]
    finally_: tuple[FlowStep, ...] = ()
    """Requests that follow the steps in any case, also after a failure."""
    writes: bool = False
    """Whether it changes data. Then it runs through the preview door only if the environment allows that."""
    host: str = ""
    """The Host of its requests; empty: the host of the route that each request takes."""


class StepOutcome(msgspec.Struct, frozen=True):
    """The result of one step of a flow."""

    flow: str
    request: str
    """`GET /api/search`, without secrets."""
    status: int | None
    """The status of the response; None: there was no response, or the step was left out."""
    took_s: float
    problem: str = ""
    """How the response differed from what was expected; empty: it did not."""


Flows = tuple[Flow, ...]
