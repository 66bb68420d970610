"""GCRA: the generic cell rate algorithm. One number per key records how much of its rate is spent."""

from dataclasses import dataclass, field
from typing import NamedTuple

from mainstay_kit.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Rate:
    """*limit* requests in *per* seconds, spread evenly, of which *burst* may come at once (0: all of them)."""

    limit: int
    per: float
    burst: int = 0
    interval: float = field(init=False, repr=False)  # seconds from one request to the next at the steady rate
    tolerance: float = field(init=False, repr=False)  # how far ahead of the steady rate a key may be

    def __post_init__(self) -> None:
        if self.limit < 1 or self.per <= 0 or self.burst < 0:
            raise Misconfigured(
                f"{self.limit} in {self.per} s allows no requests", remedy="give a limit of 1 or more in some seconds"
            )
        object.__setattr__(self, "interval", self.per / self.limit)
        object.__setattr__(self, "tolerance", self.interval * (self.burst or self.limit))


ROUNDING = 1 + 1e-9


class Verdict(NamedTuple):
    """Whether a request is allowed; how many more may come at once; the seconds until a retry and until a reset."""

    allowed: bool
    remaining: int
    retry_after: float
    reset_after: float


def decide(spent_until: float, rate: Rate, now: float) -> tuple[Verdict, float]:
    """Return the verdict on a request of a key at *now*, and the key's new `spent_until`.

    *spent_until* is the time that the last call for this key returned; 0 before the first. All times are in seconds,
    of the same clock.
    """
    interval, tolerance = rate.interval, rate.tolerance
    until = (spent_until if spent_until > now else now) + interval
    ahead = until - now
    if ahead > tolerance * ROUNDING:
        return Verdict(False, 0, ahead - tolerance, ahead - interval), spent_until
    # Equivalent to `Verdict(…)` without the call in between, because this runs for most requests.
    return tuple.__new__(Verdict, (True, int((tolerance - ahead) / interval + 1e-6), 0.0, ahead)), until
