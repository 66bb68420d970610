"""A smoke flow: requests to the system, and what each response must be."""

from typing import Any, Literal

import msgspec

SmokeWrites = Literal["front", "preview"]
"""Where flows that change data run. front: only through the front door · preview: through the preview door, then
through the front door."""

Comparison = Literal["equals", "at_least", "at_most", "matches", "exists", "count"]


class JsonExpectation(msgspec.Struct, frozen=True):
    """A condition for the values at the JSONPath `path`: `comparisons` has the operand of each comparison."""

    path: str
    comparisons: dict[Comparison, Any]


class Expectation(msgspec.Struct, frozen=True):
    """The conditions that a response must meet. Strings may contain placeholders."""

    status: tuple[int, ...] = ()
    """The allowed statuses; empty: every status."""
    json: tuple[JsonExpectation, ...] = ()
    headers: dict[str, str] = {}
    body_contains: str = ""
    body_matches: str = ""
    """A regular expression."""
    within_s: float = 0.0
    """Seconds within which the response must be complete; 0: only the default time limit of requests applies."""

    @property
    def is_empty(self) -> bool:
        return not (self.status or self.json or self.headers or self.body_contains or self.body_matches)


class FlowStep(msgspec.Struct, frozen=True):
    """One request, and the conditions for its response. Strings may contain placeholders."""

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
    """Requests that are sent after the steps, even when a step has failed."""
    writes: bool = False
    """Whether the flow changes data. Then it runs through the preview door only if the environment allows that."""
    host: str = ""
    """The Host header of the requests; empty: the host of the route that each request matches."""


class StepOutcome(msgspec.Struct, frozen=True):
    """The result of one step of a flow."""

    flow: str
    request: str
    """The method and path, such as `GET /api/search`, with secrets masked."""
    status: int | None
    """The status of the response; None: there was no response, or the step was skipped."""
    took_s: float
    problem: str = ""
    """Why the step failed or was skipped; empty: the response was as expected."""


Flows = tuple[Flow, ...]
