"""`check`: go or no-go over the answers of all checks."""

from pathlib import Path

import pytest

from mainstay.checks import Answer, Check
from mainstay.drivers.world import World
from mainstay.errors import Unreachable
from mainstay.operations.check import ask_all
from tests.fakes.world import fake_world


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [("go", "pass"), ("go", "warn"), ("go", "not-applicable"), ("no-go", "fail"), ("no-go", "unknown")],
)
def test_only_a_failure_or_a_missing_answer_is_a_no_go(tmp_path: Path, verdict: str, answer: str) -> None:
    check = Check("it_works", "operations", "Does it work?", lambda world: Answer(answer, "seen"))  # type: ignore[arg-type]  # parametrised
    assert ask_all([check], fake_world(tmp_path)).verdict == verdict


def test_a_check_that_cannot_read_its_facts_is_unknown(tmp_path: Path) -> None:
    def ask(world: World) -> Answer:
        raise Unreachable("the supervisor does not respond", remedy="mainstay status")

    (finding,) = ask_all([Check("it_works", "operations", "Does it work?", ask)], fake_world(tmp_path)).findings
    assert (finding.verdict, finding.evidence) == ("unknown", "the supervisor does not respond")
    assert finding.remedy == "mainstay status"
