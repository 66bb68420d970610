"""Status values, as operators read them, and the table of instance states."""

import pytest

from mainstay.model import Exit
from mainstay.model.status import INSTANCE_STATES


@pytest.mark.parametrize(
    ("last", "how"),
    [
        (Exit("now", code=3), "exit code 3"),
        (Exit("now", code=0, reason="left the foreground"), "exit code 0 (left the foreground)"),
        (Exit("now", signal="SIGKILL", reason="out of memory"), "SIGKILL (out of memory)"),
        (Exit("now", reason="could not be started: no space"), "could not be started: no space"),
        (Exit("now"), "unknown exit code"),
    ],
)
def test_an_end_is_described_by_code_or_signal_and_reason(last: Exit, how: str) -> None:
    assert last.how == how


def test_every_state_may_follow_another_one() -> None:
    reachable = {after for row in INSTANCE_STATES.values() for after in row.then}
    assert reachable == INSTANCE_STATES.keys()
