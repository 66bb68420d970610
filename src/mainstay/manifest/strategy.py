"""The section `strategy` of a service: how a new revision replaces the old one."""

from itertools import pairwise
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error, text_is
from mainstay.manifest.scalars import Duration, Percentage, SomeDuration
from mainstay.model.release import Strategy
from mainstay.model.synthetic import WhenQuiet

CANARY = (5.0, 25.0, 50.0)
_DEFAULT = Strategy()

SHORTEST_REVERT_AFTER = 5
"""The shortest allowed `revert_after`, in seconds: on a busy machine, some seconds may pass between two heartbeats."""


class StrategySection(Section):
    """How a new revision replaces the old one. A string in place of the mapping sets `kind`."""

    in_local: ClassVar[dict[str, object]] = {"settle": 0}

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = Field(default=_DEFAULT.kind, examples=["canary"])
    """blue-green: all new instances start beside the old ones, then traffic switches once · canary: traffic moves in
    growing percentages · rolling: instances are replaced one by one · recreate: the old ones stop, then the new ones
    start; meanwhile no requests are served."""

    percent: tuple[Percentage, ...] = Field(default=(), examples=[[10, 50]])
    """Only with canary: the percentages of traffic that the new revision gets, one after another, before it gets all.
    Default: [5, 25, 50]."""

    hold: Duration = Field(default=_DEFAULT.hold_s, examples=["5m"])
    """Only with canary: time for which the new revision is observed at each percentage before the next one."""

    settle: Duration = Field(default=_DEFAULT.settle_s, examples=["10m"])
    """Time for which the old revision keeps running after all traffic has moved. If the new revision proves to be worse
    in this time, the deploy is undone by moving traffic back."""

    revert_after: SomeDuration = Field(default=_DEFAULT.revert_after_s, examples=["2m"])
    """Time without a heartbeat from the deploy after which the traffic that it moved returns to the old revision."""

    when_quiet: WhenQuiet = Field(default=_DEFAULT.when_quiet, examples=["pass"])
    """What happens if, when `hold` or `settle` is over, users and Mainstay itself have sent too few requests to compare
    the new revision with the old one. hold: the observation goes on, up to three times that time, or if that is longer,
    for a minute or 15 s for each service, and then the deploy is rolled back · pass: the rollout goes on · fail: it is
    rolled back at once."""

    _a_text_is_a_kind = text_is("kind")

    @model_validator(mode="after")
    def _percentages_grow(self) -> Self:
        if self.percent and self.kind != "canary":
            what = f"'percent' has no effect with kind: {self.kind}"
            raise rule_error("percent-without-canary", what, "write kind: canary")
        steps = (0.0, *self.percent, 100.0)
        if any(later <= earlier for earlier, later in pairwise(steps)):
            what = "percentages must increase and lie between 0 and 100"
            raise rule_error("percent-does-not-grow", what, "write percent: [5, 25, 50]")
        return self

    @model_validator(mode="after")
    def _a_slow_run_keeps_its_traffic(self) -> Self:
        if self.revert_after < SHORTEST_REVERT_AFTER:
            what = f"revert_after {self.revert_after:g}s is too short: a slow run would lose its traffic"
            raise rule_error("limit-too-short", what, f"write {SHORTEST_REVERT_AFTER}s or more")
        return self

    def to_strategy(self) -> Strategy:
        """Return the strategy; a canary without percentages gets the default ones."""
        percent = self.percent or (CANARY if self.kind == "canary" else ())
        return Strategy(self.kind, percent, self.hold, self.settle, self.revert_after, self.when_quiet)
