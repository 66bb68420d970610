"""A long manifest takes time in proportion to its length, however its text is made."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.manifest import credentials
from tests.manifest.written import HELLO, mistakes


def cost(work: Callable[[], object]) -> float:
    """Processor seconds, the least of some tries: other programs and the garbage collector only add to them."""
    tries = []
    gc.disable()
    for _ in range(3):
        began = time.process_time()
        work()
        tries.append(time.process_time() - began)
    gc.enable()
    return min(tries)


@pytest.mark.parametrize(
    "piece",
    ["a", "eyJ", "eyJaaaaaaaa.", "sk-live-", "a://b:", "a://b:c", "-----BEGIN ", "-----BEGIN A", "AKIA", "x.eyJ-"],
)
def test_a_value_eight_times_as_long_takes_about_eight_times_as_long(piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (4_000, 32_000))
    ratio = cost(lambda: credentials.in_value(long)) / cost(lambda: credentials.in_value(short))
    assert ratio < 24, "8 is proportional, 64 is quadratic"


@pytest.mark.parametrize(
    "text",
    [
        lambda count: HELLO + "variables:\n" + "".join(f"  V{number}: {{defalt: x}}\n" for number in range(count)),
        lambda count: HELLO + "variables:\n" + "".join(f"  V{number}: x\n" for number in range(count)),
        lambda count: (
            HELLO.replace("port: 8000", f"port: 80\n    variables: {[f'READ_{number}' for number in range(count)]}")
            + "variables:\n"
            + "".join(f"  DECLARED_{number}: x\n" for number in range(count))
        ),
    ],
    ids=["many mistakes", "many warnings", "many unknown names among many known ones"],
)
@pytest.mark.slow
def test_a_file_four_times_as_long_takes_about_four_times_as_long(text: Callable[[int], str], tmp_path: Path) -> None:
    short, long = text(1_000), text(4_000)
    ratio = cost(lambda: mistakes(tmp_path, long)) / cost(lambda: mistakes(tmp_path, short))
    assert ratio < 9, "4 is proportional, 16 is quadratic"


@pytest.mark.parametrize(
    "value", ["postgres://u:pw@host/x", "S3+ssh://u:pw@host", "to 1a://:pw@h", "x eyJhbGciOiJI.eyJzdWIiOiI.c2ln"]
)
def test_a_credential_is_found_wherever_it_is(value: str) -> None:
    for around in ("{}", "a b {} c", "{}" + "x" * 1000):
        assert credentials.in_value(around.format(value)) is not None


@pytest.mark.parametrize("value", ["http://host:80/a@b", "://u:pw@host", "a@b:c", "keyJhbGciOiJI.eyJzdWIiOiI.c2ln"])
def test_what_only_resembles_a_credential_is_none(value: str) -> None:
    assert credentials.in_value(value) is None
