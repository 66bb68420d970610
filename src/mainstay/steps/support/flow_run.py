"""The execution of one smoke flow: sends its requests, judges the responses, and always runs `finally`."""

import secrets
from collections.abc import Callable, Mapping

from mainstay.drivers.world import World
from mainstay.errors import MainstayError, StepFailed, Unreachable
from mainstay.judging.expectations import judge
from mainstay.judging.flow import kept_of, may_repeat, request_of
from mainstay.judging.masking import cookies_in, is_secret_name, masked, secrets_in
from mainstay.model import Edge
from mainstay.model.flow import Flow, FlowStep, StepOutcome
from mainstay.model.http import EntranceName, HttpRequest, HttpResponse
from mainstay.steps.support.flow_failure import Failure, failure_text
from mainstay.steps.support.heartbeats import with_heartbeats

REPEATS_EACH_S = 0.2
FINALLY_WITHIN_S = 30.0
"""Seconds for all requests of `finally`."""


class FlowRun:
    """One execution of a flow. Its generated and kept values are only in memory, because some are secrets.

    `outcomes` are the results so far, without secrets; *report* is called with each result. *previewed* are the
    revisions behind the preview door, by service, whose logs a failure shows.
    """

    def __init__(
        self,
        world: World,
        flow: Flow,
        door: EntranceName,
        edge: Edge | None,
        version: str,
        report: Callable[[StepOutcome], None] = lambda outcome: None,
        previewed: Mapping[str, int] = {},
    ) -> None:
        self._world = world
        self._flow = flow
        self._door: EntranceName = door
        self._edge = edge
        self._report = report
        self._previewed = previewed
        self._values: dict[str, object] = {
            "unique": secrets.token_hex(6),
            "password": f"Aa1-{secrets.token_urlsafe(18)}",
            "version": version,
        }
        self._secrets: set[str] = {str(self._values["password"])}
        self._cookies: dict[str, str] = {}
        self.requests = 0
        self.outcomes: list[StepOutcome] = []

    def run(self) -> None:
        """Run the steps, then `finally`. Raises StepFailed, with the first unexpected response in its message.

        When the run is interrupted, `finally` runs before the exception is raised.
        """
        try:
            for step in self._flow.steps:
                self._send_heartbeat()
                self._take(step)
        except MainstayError:
            self._finish()  # The first failure is reported, not one that follows from it.
            raise
        if failures := self._finish():
            raise failures[0]

    def _finish(self) -> list[StepFailed]:
        """Run all steps of `finally`, also after a failure, within FINALLY_WITHIN_S seconds. Return the failures."""
        ends = self._world.clock.monotonic() + FINALLY_WITHIN_S
        failures: list[StepFailed] = []
        for step in self._flow.finally_:
            if self._world.clock.monotonic() > ends:
                self._left_out(step, f"left out, because `finally` took longer than {FINALLY_WITHIN_S:g} s")
                continue
            try:
                self._take(step, interruptible=False)
            except StepFailed as failure:
                failures.append(failure)
        return failures

    def _take(self, step: FlowStep, *, interruptible: bool = True) -> None:
        """Send the request of *step*, and repeat it where allowed. Raises StepFailed when the response is wrong."""
        try:
            request = request_of(step, self._flow, self._edge, self._values, self._cookie_header())
        except KeyError as missing:
            self._left_out(step, f"left out, because no step kept {{{missing.args[0]}}}")
            return
        self._secrets.update(secrets_in(request.headers, request.body))
        clock = self._world.clock
        at, began = clock.now(), clock.monotonic()
        while True:
            self.requests += 1
            response, problems = self._exchange(step, request)
            took = clock.monotonic() - began
            if not problems:
                self._done(request, response, took, "")
                return
            late = took + REPEATS_EACH_S > step.expect.within_s
            if response is None or late or not may_repeat(step, response):
                self._done(request, response, took, self._masked("; ".join(problems)))
                failure = Failure(self._flow.name, self._door, request, response, problems, at, self._edge)
                what = failure_text(self._world, failure, self._secrets, self._previewed)
                raise StepFailed(what, remedy=failure.remedy)
            if interruptible:
                self._send_heartbeat()
            clock.pause(REPEATS_EACH_S)

    def _exchange(self, step: FlowStep, request: HttpRequest) -> tuple[HttpResponse | None, tuple[str, ...]]:
        try:
            response = with_heartbeats(self._world.waiter, lambda: self._world.target.send(request, self._door))
        except Unreachable as unreachable:
            return None, (unreachable.what,)
        self._cookies |= _cookies_of(response)
        self._secrets.update(secrets_in(response.headers, response.body))
        problems = judge(response, step.expect, self._values)
        if problems:
            return response, problems
        kept = kept_of(step, response, self._values)
        self._values |= kept.values
        for name, value in kept.values.items():
            if is_secret_name(name) or is_secret_name(step.keep[name]):
                self._secrets.add(str(value))
        return response, tuple(f"there is no {path} to keep" for path in kept.missing)

    def _done(self, request: HttpRequest, response: HttpResponse | None, took_s: float, problem: str) -> None:
        what = f"{request.method} {self._masked(request.path)}"
        status = response.status if response else None
        self._add(StepOutcome(self._flow.name, what, status, round(took_s, 3), problem))

    def _left_out(self, step: FlowStep, why: str) -> None:
        self._add(StepOutcome(self._flow.name, f"{step.method} {step.path}", None, 0.0, why))

    def _add(self, outcome: StepOutcome) -> None:
        self.outcomes.append(outcome)
        self._report(outcome)

    def _masked(self, text: str) -> str:
        return masked(text, self._secrets)

    def _send_heartbeat(self) -> None:
        """Send the run's heartbeat. Raises the exception that ends the run's waits, such as Interrupted."""
        self._world.waiter.pause_checking(0.0, lambda: None)

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())


def _cookies_of(response: HttpResponse) -> dict[str, str]:
    return {
        name: value
        for header, text in response.headers
        if header == "set-cookie"
        for name, value in cookies_in(text).items()
    }
