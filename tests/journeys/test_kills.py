"""SIGKILL and power cuts at random moments: every run ends released or rolled back, in a consistent state."""

import time

import pytest

from mainstay.history.run_state import MOST_RESUMES
from tests.journeys.command import Document
from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import reboot
from tests.journeys.random_moments import random_moments
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.timeout(400)

RUNS = 10


@pytest.mark.goal("G1")
@pytest.mark.failure("F3")
@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_run_killed_at_any_moment_ends_released_or_rolled_back(sandbox: Sandbox, part: int) -> None:
    rng = random_moments(part)
    sandbox.ship(WebApp("0"))
    deploy_s = time_deploy(sandbox)
    status = sandbox.status()
    with Load(status["url"], rate=60, max_duration_s=300) as load:
        for number in range(1, RUNS + 1):
            verb = "rollback" if number % 3 == 0 else "deploy"
            moments = [rng.uniform(0.15, deploy_s * 1.1) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
            print(f"{number}: {verb}, killed after {', '.join(f'{moment:.3f} s' for moment in moments)}")
            status = kill_then_resume(sandbox, status, verb, str(number), moments)
    assert load.stop().not_ok == [], load.tally
    assert load.tally.total > 100


def kill_then_resume(sandbox: Sandbox, status: Document, verb: str, version: str, moments: list[float]) -> Document:
    """Kill the command at the first of *moments* and its resumes at the others, then check the outcome.

    *status* is that of before; return the one of afterwards.
    """
    before = status["release"]
    runs = len(sandbox.query("history"))
    if verb == "deploy":
        sandbox.write(WebApp(f"0.{version}"))
    run_and_kill(sandbox, [verb, "--yes"], moments[0])
    for moment in moments[1:]:
        if sandbox.status()["run"]:
            run_and_kill(sandbox, ["resume"], moment)
    if sandbox.status()["run"]:
        result = sandbox.run("resume", code=None)
        assert result.code in {0, 1}, result
    history = sandbox.query("history")
    last = history[0]
    released = len(history) > runs and last["outcome"] == "released"
    status = assert_consistent(sandbox)
    now = status["release"]
    assert now["number"] == (last["release"] if released else before["number"]), (before, history[:2])
    assert last["outcome"] in {"released", "undone"}
    assert sandbox.get(url=status["url"])[1] == f"version {now['version']}"
    return status


def run_and_kill(sandbox: Sandbox, words: list[str], moment: float) -> None:
    command = sandbox.start(*words)
    if not command.exits_within(moment):
        command.kill()


def time_deploy(sandbox: Sandbox) -> float:
    """Return the seconds that a deploy takes without a kill."""
    sandbox.write(WebApp("0.0"))
    started = time.monotonic()
    sandbox.run("deploy", "--yes")
    return time.monotonic() - started


@pytest.mark.goal("G1")
@pytest.mark.parametrize("part", [4, 5])
def test_a_first_up_that_is_killed_repeatedly_goes_live(sandbox: Sandbox, part: int) -> None:
    rng = random_moments(part)
    sandbox.write(WebApp("1", migrations=TABLE))
    # On a slow machine every kill may hit the same step; one more, and the run would be parked.
    for _ in range(MOST_RESUMES - 1):
        moment = rng.uniform(0.3, 4)
        print(f"killed after {moment:.3f} s")
        run_and_kill(sandbox, ["up"], moment)
    sandbox.run("up")
    assert sandbox.get("/rows", method="POST") == (200, "1")
    assert assert_consistent(sandbox)["release"]["version"] == "1"


@pytest.mark.goal("G1")
@pytest.mark.failure("F83")
@pytest.mark.parametrize("part", [6, 7])
def test_a_power_cut_at_any_moment_loses_no_row_and_ends_consistent(sandbox: Sandbox, part: int) -> None:
    rng = random_moments(part)
    sandbox.ship(WebApp("0", migrations=TABLE))
    url = sandbox.url
    for number in range(1, 6):
        assert sandbox.get("/rows", method="POST", url=url) == (200, str(number))
        sandbox.write(WebApp(f"0.{number}", migrations=TABLE))
        moment = rng.uniform(0.2, 3)
        print(f"cut after {moment:.3f} s")
        deploy = sandbox.start("deploy", "--yes")
        deploy.exits_within(moment)
        reboot(sandbox.state)
        deploy.wait()
        result = sandbox.run("up", code=None)
        assert result.code in {0, 1}, result
        assert sandbox.get("/rows", url=url) == (200, str(number))
        assert_consistent(sandbox)


@pytest.mark.goal("G1")
@pytest.mark.parametrize("part", [8, 9])
def test_killing_any_processes_at_any_moment_ends_consistent(sandbox: Sandbox, part: int) -> None:
    rng = random_moments(part)
    before = "0"
    sandbox.ship(WebApp(before, migrations=TABLE, replicas=2))
    for number in range(1, 7):
        sandbox.write(WebApp(f"0.{number}", migrations=TABLE, replicas=2))
        deploy = sandbox.start("deploy", "--yes")
        for _ in range(rng.choice((1, 2, 3))):
            deploy.exits_within(rng.uniform(0.1, 1.5))
            # Spare the children of Postgres: this test does not cover its recovery from their death.
            candidates = [process for process in sandbox.processes() if not process.command.startswith("postgres: ")]
            victim = rng.choice(sorted(candidates, key=lambda process: process.command))
            print(f"{number}: {victim.command[:90]}")
            victim.kill()
        deploy.wait()
        result = sandbox.run("up", code=None)
        assert result.code in {0, 1}, result
        now = assert_consistent(sandbox)["release"]["version"]
        assert now in {before, f"0.{number}"}
        before = now
