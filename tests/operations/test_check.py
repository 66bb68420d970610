"""`check`: go or no-go over the answers of all checks."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.errors import Unreachable
from mainstay.model import Note
from mainstay.operations.check import ask_all, judge
from tests.fakes.world import fake_world
from tests.operations.test_status import HEALTHY


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [("go", "pass"), ("go", "warn"), ("go", "not-applicable"), ("no-go", "fail"), ("no-go", "unknown")],
)
def test_only_a_failure_or_a_missing_answer_is_a_no_go(tmp_path: Path, verdict: str, answer: str) -> None:
    check = Check("it_works", "operations", lambda world: Answer(answer, "seen"))  # type: ignore[arg-type]  # parametrised
    assert ask_all([check], fake_world(tmp_path)).verdict == verdict


def test_a_check_that_cannot_read_its_facts_is_unknown(tmp_path: Path) -> None:
    def ask(world: World) -> Answer:
        raise Unreachable("the supervisor does not respond", remedy="mainstay status")

    (finding,) = ask_all([Check("it_works", "operations", ask)], fake_world(tmp_path)).findings
    assert (finding.verdict, finding.evidence) == ("unknown", "the supervisor does not respond")
    assert finding.remedy == "mainstay status"


def test_a_degraded_environment_fails_with_its_first_problem_and_remedy() -> None:
    crash_loop = Note("instances-missing", "0 of 2 instances of web are ready", "mainstay logs web")
    now = replace(HEALTHY, health="degraded", problems=(crash_loop, Note("no-release", "no release is live")))
    assert judge(now) == ("fail", crash_loop.what, crash_loop.remedy)


def test_a_stopped_environment_is_judged_only_if_no_release_is_live_and_a_healthy_one_passes() -> None:
    stopped = replace(HEALTHY, health="stopped", started=False)
    assert judge(replace(stopped, release=None)) == ("fail", "no release is live", "mainstay up")
    assert judge(stopped).verdict == "not-applicable"
    assert judge(replace(HEALTHY, health="healthy")).verdict == "pass"
