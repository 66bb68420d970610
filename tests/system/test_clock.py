"""Waits of a run, by a clock whose time of day may be set meanwhile."""

import pytest

from mainstay.errors import StepFailed
from mainstay.system.clock import Waiter
from tests.fakes.clock import TurnableClock


@pytest.mark.failure("F23")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_does_not_change_the_time_limit_of_a_wait(seconds: int) -> None:
    clock = TurnableClock()
    clock.paused = lambda: clock.step(seconds)
    with pytest.raises(StepFailed, match="timed out after 10 s waiting for rain"):
        Waiter(clock).wait_until(lambda: False, within=10, waiting_for="rain")
    assert clock.monotonic() == pytest.approx(10, abs=0.1)
