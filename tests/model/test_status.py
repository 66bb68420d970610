"""What is seen of an instance, as people read it: how it ended, and where it listens instead of where it should."""

import pytest

from mainstay.model import Exit, Instance

ELSEWHERE = "0.0.0.0:8000"
OPEN = "0.0.0.0:25430"


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


@pytest.mark.parametrize(
    ("listens", "misplaced"),
    [
        ("", ""),
        (ELSEWHERE, "listens on 0.0.0.0:8000, but PORT is 25430"),
        (OPEN, "listens on 0.0.0.0:25430, which other machines may reach: let it listen on HOST, 127.0.0.1"),
    ],
    ids=["where it should", "on another port", "on every address"],
)
def test_an_instance_that_listens_elsewhere_is_described_with_its_port(listens: str, misplaced: str) -> None:
    one = Instance("web-1-1", "web", 1, "starting", "", address="127.0.0.1:25430", listens_elsewhere=listens)
    assert one.misplaced == misplaced
