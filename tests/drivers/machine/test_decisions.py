"""What is to exist and what is to be done next, as pure reckonings."""

import math

import pytest
from msgspec.structs import replace

from mainstay.drivers.machine.instances.probes import Probe
from mainstay.drivers.machine.protocol import Claim, LeaseHeartbeat, SetFleet, SetTraffic, StartAll, StopAll
from mainstay.drivers.machine.state import lifecycle
from mainstay.drivers.machine.state.decide import Action, Forget, Kill, Start, Stop, decide, ready
from mainstay.drivers.machine.state.desired import Desired, HeldLease, Identity, Pending
from mainstay.drivers.machine.state.lifecycle import Record, Runtime
from mainstay.drivers.machine.state.placement import with_instances
from mainstay.drivers.machine.state.transitions import after, auto_revert, is_drained, shifted
from mainstay.errors import FenceRefused
from mainstay.model import Edge, Health, Member, Shift, TrafficLease, Workload
from mainstay.system.process_runner import End
from mainstay.system.processes import Started

WEB = Workload("web", ("serve",), steady_s=10, drain_s=30, stop_grace_s=5, health=Health("http", within_s=30))
WORKER = Workload("worker", ("work",), listens=False, steady_s=10)
STORE = Workload("db", ("keep",), datastore=True)
PROCESS = Started("boot", 7, 100)
STEADY = Runtime(record=Record(steady=True), process=PROCESS, answers=True, good_since=0)
NOBODY: frozenset[str] = frozenset()
GOOD, BAD = Probe("good"), Probe("bad", "GET http://127.0.0.1:1000/ready → 404")
SILENT = Probe("silent", "GET http://127.0.0.1:1000/ready → no response within 10 s")


def wants(*specs_of: tuple[int, int, Workload], **fields: object) -> Desired:
    """(release, count, workload) of each."""
    fleet: dict[str, dict[int, Member]] = {}
    for release, count, workload in specs_of:
        fleet.setdefault(workload.service, {})[release] = Member(workload, count, "1")
    return Desired(fleet=fleet, **fields)  # type: ignore[arg-type]  # checked by name


def moved(desired: Desired, *specs_of: tuple[int, int, Workload]) -> Desired:
    return after(desired, SetFleet(0, wants(*specs_of).fleet), "boot", 0)


def here(desired: Desired) -> dict[str, bool]:
    """Each instance, and whether it leaves."""
    return {name: one.leaving for name, one in desired.instances.items()}


def placed(desired: Desired) -> Desired:
    instances = {name: replace(one, port=1000, slot=1) for name, one in desired.instances.items()}
    return replace(desired, instances=instances)


def acts(desired: Desired, runtime: Runtime, connections: int | None, now: float) -> tuple[Runtime, tuple[Action, ...]]:
    """What is decided for the one instance there is."""
    (name,) = desired.instances
    counted = {} if connections is None else {name: connections}
    decided = decide(desired, {name: runtime}, counted, NOBODY, now)
    return decided.runtimes[name], decided.actions


def test_what_is_missing_is_made_and_the_lowest_number_is_taken() -> None:
    desired = with_instances(wants((41, 3, WEB)), NOBODY)
    assert here(desired) == {"web-41-1": False, "web-41-2": False, "web-41-3": False}
    gap = replace(desired, instances={n: i for n, i in desired.instances.items() if n != "web-41-2"})
    assert "web-41-2" in with_instances(gap, NOBODY).instances


def test_of_too_many_the_ready_stay() -> None:
    desired = with_instances(wants((41, 3, WEB)), NOBODY)
    fewer = with_instances(moved(desired, (41, 1, WEB)), frozenset({"web-41-3"}))
    assert here(fewer) == {"web-41-1": True, "web-41-2": True, "web-41-3": False}


def test_a_service_with_a_port_starts_the_new_beside_the_old() -> None:
    desired = with_instances(wants((41, 1, WEB)), NOBODY)
    assert here(with_instances(moved(desired, (42, 1, WEB)), NOBODY)) == {"web-41-1": True, "web-42-1": False}


@pytest.mark.parametrize("workload", [WORKER, STORE], ids=["a worker", "a datastore"])
def test_old_is_seen_gone_before_new_starts(workload: Workload) -> None:
    old = with_instances(wants((41, 1, workload)), NOBODY)
    both = with_instances(moved(old, (42, 1, workload)), NOBODY)
    assert here(both) == {f"{workload.service}-41-1": True}
    gone = replace(both, instances={})
    assert here(with_instances(gone, NOBODY)) == {f"{workload.service}-42-1": False}


def test_an_overlapping_worker_leaves_when_the_new_one_is_ready() -> None:
    workload = replace(WORKER, overlap=True)
    both = with_instances(moved(with_instances(wants((41, 1, workload)), NOBODY), (42, 1, workload)), NOBODY)
    assert here(both) == {"worker-41-1": False, "worker-42-1": False}
    assert here(with_instances(both, frozenset({"worker-42-1"}))) == {"worker-41-1": True, "worker-42-1": False}


def test_asleep_datastores_leave_last() -> None:
    started = with_instances(wants((41, 1, WEB), (41, 1, STORE)), NOBODY)
    asleep = with_instances(after(started, StopAll(0), "boot", 0), NOBODY)
    assert here(asleep) == {"web-41-1": True, "db-41-1": False}
    alone = replace(asleep, instances={"db-41-1": asleep.instances["db-41-1"]})
    assert here(with_instances(alone, NOBODY)) == {"db-41-1": True}


def test_woken_all_that_was_wanted_is_made_again() -> None:
    asleep = wants((41, 1, WEB), (41, 1, STORE), started=False)
    assert here(with_instances(asleep, NOBODY)) == {}
    assert here(with_instances(after(asleep, StartAll(), "boot", 0), NOBODY)) == {"web-41-1": False, "db-41-1": False}


def test_a_service_waits_for_a_datastore_that_starts() -> None:
    desired = placed(with_instances(wants((41, 1, WEB), (41, 1, STORE)), NOBODY))
    assert decide(desired, {}, {}, NOBODY, 5.0).actions == (Start("db-41-1"),)
    answering = decide(desired, {"db-41-1": STEADY}, {}, NOBODY, 5.0)
    assert answering.actions == (Start("web-41-1"),)


def test_a_stub_that_has_not_written_its_note_is_not_started_again() -> None:
    desired = placed(with_instances(wants((41, 1, WEB)), NOBODY))
    assert decide(desired, {}, {}, frozenset({"web-41-1"}), 5.0).actions == ()


def test_who_leaves_is_drained_counted_to_zero_and_only_then_stopped() -> None:
    desired = placed(moved(placed(with_instances(wants((41, 1, WEB)), NOBODY)), (42, 0, WEB)))
    desired = with_instances(desired, NOBODY)
    runtime, actions = acts(desired, STEADY, None, 100)
    assert (runtime.drain_since, actions) == (100, ())
    runtime, actions = acts(desired, runtime, 3, 110)
    assert actions == ()
    runtime, actions = acts(desired, runtime, 0, 111)
    assert (runtime.drained, actions, ready(desired, {"web-41-1": runtime})) == (True, (), NOBODY)
    runtime, actions = acts(desired, runtime, 0, 111)
    assert actions == (Stop("web-41-1"),)
    assert acts(desired, runtime, 0, 115)[1] == ()
    assert acts(desired, runtime, 0, 116)[1] == (Kill("web-41-1"),)
    assert acts(desired, replace(runtime, process=None), 0, 117)[1] == (Forget("web-41-1"),)


def test_when_the_drain_is_over_what_is_cut_is_counted() -> None:
    desired = with_instances(moved(placed(with_instances(wants((41, 1, WEB)), NOBODY)), (42, 0, WEB)), NOBODY)
    draining = replace(STEADY, drain_since=100.0)
    assert decide(desired, {"web-41-1": draining}, {"web-41-1": 2}, NOBODY, 129).cut == {}
    assert decide(desired, {"web-41-1": draining}, {"web-41-1": 2}, NOBODY, 130).cut == {"web-41-1": 2}


def test_where_nobody_serves_a_proven_revision_need_not_be_steady() -> None:
    desired = with_instances(wants((41, 2, WEB), proven=("web@41",)), NOBODY)
    answers = Runtime(process=PROCESS, answers=True, good_since=0)
    assert ready(desired, {"web-41-1": answers}) == {"web-41-1"}
    assert ready(desired, {"web-41-1": answers, "web-41-2": STEADY}) == {"web-41-2"}
    assert ready(replace(desired, proven=()), {"web-41-1": answers}) == NOBODY


def test_ready_for_long_enough_is_steady_and_one_bad_answer_begins_anew_before_that() -> None:
    runtime = lifecycle.after_probe(lifecycle.after_start(Runtime(), PROCESS, 0), WEB, GOOD, 1)
    assert not lifecycle.after_probe(runtime, WEB, GOOD, 10.9).record.steady
    assert lifecycle.after_probe(runtime, WEB, GOOD, 11).record.steady
    shaken = lifecycle.after_probe(lifecycle.after_probe(runtime, WEB, BAD, 5), WEB, GOOD, 6)
    assert not lifecycle.after_probe(shaken, WEB, GOOD, 15).record.steady


def test_a_ready_instance_becomes_unready_after_two_failed_probes_in_a_row() -> None:
    once = lifecycle.after_probe(STEADY, WEB, BAD, 20)
    assert (once.answers, once.probe) == (True, BAD.exchange)
    assert not lifecycle.after_probe(once, WEB, BAD, 21).answers
    assert lifecycle.after_probe(once, WEB, GOOD, 21) == STEADY


def test_a_ready_instance_becomes_unready_after_one_probe_without_a_response() -> None:
    assert not lifecycle.after_probe(STEADY, WEB, SILENT, 20).answers


def ended(runtime: Runtime, code: int, now: float, *, proven: bool = False) -> Runtime:
    begun = lifecycle.after_start(runtime, PROCESS, now)
    return lifecycle.after_end(begun, WEB, End(code), proven=proven, now=now, at="now")


def test_three_early_ends_within_the_time_fail() -> None:
    second = ended(ended(Runtime(), 1, 0), 1, 10)
    assert not second.record.failed
    assert ended(second, 1, 29).record.failed
    assert not ended(second, 1, 31).record.failed


def test_what_was_proven_is_brought_back_for_ever() -> None:
    runtime = Runtime()
    for now in range(10):
        runtime = ended(runtime, 1, now, proven=True)
    assert not runtime.record.failed


def test_backoff_doubles_to_its_longest_and_is_forgotten_after_a_minute() -> None:
    runtime, waits = Runtime(), []
    for _ in range(11):
        runtime = ended(runtime, 1, 0, proven=True)
        waits.append(runtime.start_at)
    assert waits[:3] == [0.1, 0.2, 0.4]
    assert waits[-1] == 30
    well = lifecycle.after_start(runtime, PROCESS, 0)
    assert lifecycle.after_end(well, WEB, End(1), proven=True, now=61, at="now").start_at == pytest.approx(61.1)


@pytest.mark.parametrize(
    ("lived_s", "ready", "wait_s"),
    [
        pytest.param(13, True, 1.3, id="ready, ran for 13 s"),
        pytest.param(3, True, 0.3, id="ready, ran for 3 s"),
        pytest.param(0.3, True, 0.1, id="ready, ran for a moment"),
        pytest.param(13, False, 30, id="never ready, ran for 13 s"),
    ],
)
def test_the_backoff_of_a_service_that_was_ready_is_a_tenth_of_its_life(
    lived_s: float, ready: bool, wait_s: float
) -> None:
    runtime, now = Runtime(), 0.0
    for _ in range(12):
        begun = lifecycle.after_start(runtime, PROCESS, now)
        begun = replace(begun, record=replace(begun.record, steady=ready))
        now += lived_s
        runtime = lifecycle.after_end(begun, WEB, End(1), proven=True, now=now, at="now")
    assert runtime.start_at - now == pytest.approx(wait_s)


TASK = replace(WORKER, restart="on-failure")


@pytest.mark.parametrize("runtime", [Runtime(process=PROCESS), STEADY], ids=["before it was steady", "afterwards"])
def test_a_task_that_exits_with_0_is_done_and_neither_restarted_nor_said_to_have_left_the_foreground(
    runtime: Runtime,
) -> None:
    after_it = lifecycle.after_end(runtime, TASK, End(0), proven=False, now=1, at="now")
    assert (after_it.record.done, after_it.record.early_exits) == (True, 0)
    assert after_it.record.last_exit is not None
    assert after_it.record.last_exit.reason == ""
    desired = with_instances(wants((1, 1, TASK)), NOBODY)
    assert acts(desired, after_it, None, 100)[1] == ()


@pytest.mark.parametrize(
    ("workload", "code"),
    [(TASK, 1), (WORKER, 0), (replace(WEB, restart="on-failure"), 0)],
    ids=["code 1", "worker", "port"],
)
def test_what_fails_and_what_should_run_for_ever_is_never_done(workload: Workload, code: int) -> None:
    assert not lifecycle.after_end(
        Runtime(process=PROCESS), workload, End(code), proven=False, now=1, at="now"
    ).record.done


@pytest.mark.parametrize(
    ("restart", "code", "comes_back"),
    [("no", 1, False), ("on-failure", 0, False), ("on-failure", 1, True), ("always", 0, True)],
)
def test_restart_is_as_the_spec_says(restart: str, code: int, comes_back: bool) -> None:
    workload = replace(WEB, restart=restart)
    runtime = lifecycle.after_end(STEADY, workload, End(code), proven=True, now=100, at="now")
    assert runtime.record.failed is not comes_back


@pytest.mark.failure("F17")
def test_an_older_fence_is_refused_and_changes_nothing() -> None:
    desired = after(Desired(), Claim(7), "boot", 0)
    with pytest.raises(FenceRefused):
        after(desired, SetFleet(6, {}), "boot", 0)
    assert after(desired, Claim(7), "boot", 0) == desired


def test_a_revision_that_goes_keeps_its_spec_until_its_last_instance_is_gone() -> None:
    desired = with_instances(moved(with_instances(wants((41, 1, WEB)), NOBODY), (42, 1, WEB)), NOBODY)
    assert desired.retiring == {"web": {41: Member(WEB, 1, "1")}}
    back = moved(desired, (41, 1, WEB))
    assert back.retiring == {} or 41 not in back.retiring["web"]


HOME = TrafficLease(60, (Shift({"web": {41: 100.0}}),))


@pytest.mark.parametrize(
    ("boot", "now", "goes_home"),
    [("boot", 59, False), ("boot", 60, True), ("another", 1, True)],
    ids=["in time", "too late", "after a reboot"],
)
def test_traffic_goes_home_unless_renewed(boot: str, now: float, goes_home: bool) -> None:
    desired = after(Desired(), SetTraffic(0, (Shift({"web": {42: 100.0}}),), HOME), "boot", 0)
    assert auto_revert(desired, boot, now).reverted is goes_home
    assert (auto_revert(desired, boot, now).traffic == HOME.then[0].traffic) is goes_home


def test_renewing_begins_the_time_anew() -> None:
    desired = after(Desired(), SetTraffic(0, (Shift({"web": {42: 100.0}}),), HOME), "boot", 0)
    renewed = after(desired, LeaseHeartbeat(0), "boot", 50)
    assert renewed.lease == HeldLease(HOME, "boot", 50)
    assert not auto_revert(renewed, "boot", 109).reverted


BACK = (Shift({"web": {41: 100.0}}, {"web": {42: 30.0}}), Shift({"api": {41: 100.0}}))


def test_of_several_shifts_the_first_is_applied_and_the_others_wait() -> None:
    desired = after(Desired(traffic={"api": {42: 100.0}}), SetTraffic(0, BACK), "boot", 7)
    assert desired.traffic == {"api": {42: 100.0}, "web": {41: 100.0}}
    assert desired.pending == Pending({"web": {42: 30.0}}, BACK[1:], "boot", 7)
    assert desired.pending is not None
    last = shifted(desired, desired.pending.then, "boot", 8)
    assert (last.traffic["api"], last.pending) == ({41: 100.0}, None)


def test_an_expired_heartbeat_reverts_in_the_order_of_the_lease() -> None:
    lease = TrafficLease(60, BACK)
    desired = after(Desired(), SetTraffic(0, (Shift({"web": {42: 100.0}, "api": {42: 100.0}}),), lease), "boot", 0)
    reverted = auto_revert(desired, "boot", 60)
    assert reverted.traffic == {"web": {41: 100.0}, "api": {42: 100.0}}
    assert (reverted.pending, reverted.reverted) == (Pending({"web": {42: 30.0}}, BACK[1:], "boot", 60), True)


@pytest.mark.parametrize(
    ("in_flight", "boot", "now", "drained"),
    [
        ({"web@42": 1}, "boot", 29, False),
        ({"web@42": 0}, "boot", 29, True),
        ({}, "boot", 29, False),
        ({"web@42": 1}, "boot", 30, True),
        ({}, "another", 1, True),
    ],
    ids=["at work", "done", "not counted", "drain time over", "after a reboot"],
)
def test_a_shift_waits_for_requests_in_flight(in_flight: dict[str, int], boot: str, now: float, drained: bool) -> None:
    pending = Pending({"web": {42: 30.0}}, BACK[1:], "boot", 0)
    assert is_drained(pending, in_flight, boot, now) is drained


def test_nothing_to_do_waits_for_ever() -> None:
    desired = placed(with_instances(wants((41, 1, WEB), edge=Edge()), NOBODY))
    decided = decide(desired, {"web-41-1": STEADY}, {}, NOBODY, 5.0)
    assert (decided.actions, decided.next_at) == ((), math.inf)


def test_an_identity_knows_its_name() -> None:
    assert list(with_instances(wants((41, 1, WEB)), NOBODY).instances.values()) == [Identity("web", 41, 1)]
