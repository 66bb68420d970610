"""What degrades an environment, and in which order it is reported."""

import pytest
from msgspec.structs import replace

from mainstay.history.summary import History, LiveRelease, RunSummary
from mainstay.model import Edge, Exit, FleetStatus, Instance, Note, TrafficStatus
from mainstay.operations.status import _notes, _service, last_undone
from mainstay.operations.status_document import DatastoreStatus, RunStatus, ServiceStatus, Status
from mainstay.operations.status_problems import problems
from tests.shop import fleet
from tests.shop import release as shipped

WEB = ServiceStatus("web", 2, 2, {1: 100.0}, (), 0, {1: 100.0})
DB = DatastoreStatus("db", "postgres", "ready", "18", "")
HEALTHY = Status(
    system="shop",
    environment="local",
    target="process",
    url="http://127.0.0.1:8080",
    state="/state",
    release=LiveRelease(1, "1.0.0", "2026-01-05T12:00:00+00:00"),
    run=None,
    services=(WEB,),
    datastores=(DB,),
    started=True,
    supervised=True,
    reverted=False,
)
SERVING = TrafficStatus({"web": {1: 100.0}}, {"web": {1: 100.0}}, edge=Edge(), open=True)
BROKEN = replace(SERVING, open=False, problem=Note("port-taken", "port 8080 is taken by x"))
RUN = RunStatus("r-0002", "deploy", "running", None, "", "2026-01-05T12:00:00+00:00")
INTERRUPTED = replace(RUN, state="interrupted", next="mainstay resume")
NOT_SUPERVISED = Note("supervisor-stopped", "crashed instances are not restarted", "mainstay start")
CPU = Note("cpu-limits-ignored", "CPU limits cannot be enforced", level="note")


def found(now: Status, serving: TrafficStatus = SERVING, *, stopped: bool = False) -> list[tuple[str, str]]:
    """Return the code and the remedy of each problem."""
    notes = (CPU,) if now.supervised else (CPU, NOT_SUPERVISED)
    return [(problem.code, problem.remedy) for problem in problems(now, notes, serving, stopped=stopped)]


def codes(now: Status, serving: TrafficStatus = SERVING, *, stopped: bool = False) -> list[str]:
    return [code for code, _ in found(now, serving, stopped=stopped)]


def having(service: ServiceStatus) -> Status:
    return replace(HEALTHY, services=(service,))


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(HEALTHY, None, id="nothing"),
        pytest.param(replace(HEALTHY, supervised=False), "supervisor-stopped", id="no supervisor"),
        pytest.param(having(replace(WEB, ready=1, shortfall=1)), "instances-missing", id="one of two"),
        pytest.param(having(replace(WEB, ready=0, shortfall=2, traffic={})), "instances-missing", id="so no traffic"),
        pytest.param(having(replace(WEB, traffic={})), "traffic-astray", id="no traffic"),
        pytest.param(having(replace(WEB, traffic={2: 100.0})), "traffic-astray", id="other release"),
        pytest.param(replace(HEALTHY, datastores=(replace(DB, state="unready"),)), "datastore-down", id="a datastore"),
        pytest.param(replace(HEALTHY, reverted=True), "traffic-reverted", id="an automatic revert"),
        pytest.param(replace(HEALTHY, run=replace(RUN, state="parked")), "run-unfinished", id="a parked run"),
        pytest.param(replace(HEALTHY, release=None), "no-release", id="no release"),
    ],
)
def test_each_of_these_alone_degrades_a_healthy_environment(now: Status, code: str | None) -> None:
    assert codes(now) == ([code] if code else [])


def test_a_broken_edge_comes_first_and_hides_lost_traffic_and_one_that_starts_is_a_problem_too() -> None:
    now = replace(HEALTHY, supervised=False, services=(replace(WEB, traffic={}),))
    assert codes(now, BROKEN) == ["port-taken", "supervisor-stopped"]
    assert codes(HEALTHY, replace(SERVING, open=False)) == ["edge-starting"]


def test_a_run_moves_traffic_without_degrading_anything_as_long_as_some_release_receives_it() -> None:
    moving = replace(HEALTHY, run=RUN, services=(replace(WEB, traffic={1: 100.0}, traffic_desired={2: 100.0}),))
    assert codes(moving) == []
    assert codes(replace(moving, services=(replace(WEB, traffic={}),))) == ["traffic-astray"]


def test_a_stopped_environment_is_not_degraded_unless_its_stop_is_unfinished() -> None:
    stopped = replace(HEALTHY, started=False, supervised=False, services=(), datastores=(replace(DB, state="stopped"),))
    assert codes(stopped, BROKEN, stopped=True) == []
    assert codes(replace(stopped, run=replace(RUN, kind="down", state="parked")), stopped=True) == ["run-unfinished"]


def test_an_interrupted_run_comes_before_what_it_left_behind() -> None:
    short = replace(HEALTHY, run=INTERRUPTED, services=(replace(WEB, ready=1, shortfall=1),), supervised=False)
    assert codes(short) == ["run-unfinished", "supervisor-stopped", "instances-missing"]
    assert codes(short, BROKEN)[:2] == ["port-taken", "run-unfinished"]


def test_that_no_release_is_live_comes_before_a_stopped_datastore() -> None:
    nothing = replace(HEALTHY, release=None, services=(), datastores=(replace(DB, state="stopped"),))
    assert found(nothing) == [("no-release", "mainstay up"), ("datastore-down", "mainstay logs db")]


def test_where_nothing_can_be_started_the_remedy_is_to_deploy() -> None:
    assert ("supervisor-stopped", "mainstay start") in found(replace(HEALTHY, supervised=False))
    assert ("supervisor-stopped", "mainstay up") in found(replace(HEALTHY, supervised=False, release=None))


def test_notes_on_instances_name_how_they_ended_and_why_they_are_not_ready() -> None:
    ended = Exit("now", code=3)
    web = Instance("web-1-1", "web", 1, "unready", "", last_exit=ended, tail=("a", "b"), reasons=("GET / → 503",))
    running = FleetStatus({}, (web, Instance("web-1-2", "web", 1, "ready", "")), started=True, notes=(CPU,))
    assert [note.what for note in _notes(running)] == [
        "web-1-1 ended: exit code 3; its last line: b",
        "web-1-1 is unready: GET / → 503",
        CPU.what,
    ]


def test_after_an_automatic_revert_only_commands_that_are_not_refused_are_suggested() -> None:
    reverted = replace(HEALTHY, reverted=True)
    assert found(reverted) == [("traffic-reverted", "mainstay deploy")]
    assert found(replace(reverted, run=INTERRUPTED)) == [
        ("run-unfinished", "mainstay resume"),
        ("traffic-reverted", "mainstay resume, or mainstay abort"),
    ]


def test_what_an_interrupted_run_has_just_started_is_not_missing_while_the_live_release_is_complete() -> None:
    both = {"web": fleet(shipped(1))["web"] | fleet(shipped(2))["web"]}
    old = [Instance(f"web-1-{n}", "web", 1, "ready", "") for n in (1, 2)]
    new = Instance("web-2-1", "web", 2, "failed", "")
    running = FleetStatus(both, (*old, new), started=True)
    assert _service("web", running, SERVING, in_run=True).shortfall == 0
    assert _service("web", replace(running, instances=(old[0], new)), SERVING, in_run=True).shortfall == 1


BEGAN = "2026-01-05T12:00:00.500000+00:00"
RELEASED = RunSummary("r-0023", "deploy", "1", 1, "released", BEGAN, 1.0, "ada", "safe", 1)
UNDONE = RunSummary("r-0024", "deploy", "2", 2, "undone", BEGAN, 65.0, "ada", "safe", 2, "api@2 is worse\n  33.3 %")


def test_a_last_run_that_was_rolled_back_is_noted_with_its_end_and_reason() -> None:
    what = "last run r-0024 was rolled back at 2026-01-05 12:01:05: api@2 is worse …"
    note = Note("last-run-undone", what, "mainstay history", level="note")
    assert list(last_undone(History(runs=(UNDONE, RELEASED)))) == [note]


def test_an_earlier_run_that_was_rolled_back_is_not_noted() -> None:
    assert list(last_undone(History(runs=(RELEASED, UNDONE)))) == []
    assert list(last_undone(History(runs=(replace(UNDONE, outcome="interrupted"), UNDONE)))) == []
    assert list(last_undone(History())) == []
