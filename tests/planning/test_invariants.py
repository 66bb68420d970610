"""What holds of every plan."""

from itertools import pairwise

import msgspec
import pytest
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Schema
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.engine.plan_codec import read
from mainstay.model import Fleet, Strategy, Traffic, end_of
from mainstay.planning.deploy import deploy
from mainstay.planning.document import document, expected
from mainstay.planning.down import down
from mainstay.planning.plan import Plan
from mainstay.planning.rollback import rollback
from mainstay.planning.staleness import differences
from mainstay.steps import AnyStep
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.start_fleet import StartFleet
from tests.shop import first_plan, fleet, next_plan, release, snapshot, traffic

CANARY = Strategy("canary", (10.0, 50.0), settle_s=60)
PLANS = {
    "first": first_plan(),
    "blue-green": next_plan(),
    "canary": next_plan(CANARY, replicas=3),
    "rolling": next_plan(Strategy("rolling"), replicas=3),
    "recreate": next_plan(Strategy("recreate")),
    "rollback": rollback(release(1), snapshot(release(2))),
    "with a migration": deploy(release(2, kept=release(1)), snapshot(release(1), pending=("0002_prices",))),
    "down": down(snapshot(release(1))),
}
every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
plans_that_move = pytest.mark.parametrize("plan", [PLANS[name] for name in PLANS if name != "down"])


@every_plan
def test_the_invariants_hold(plan: Plan) -> None:
    plan.check()


@every_plan
def test_a_stored_plan_is_read_back_unchanged(plan: Plan) -> None:
    assert read(msgspec.json.encode(plan), AnyStep) == plan


@plans_that_move
def test_the_last_steps_lead_to_the_fleet_and_traffic_of_the_release(plan: Plan) -> None:
    runs: Fleet = {}
    serves: Traffic = {}
    for _, step in plan.steps():
        if isinstance(step, StartFleet | Retire):
            runs[step.service] = step.after
        if isinstance(step, SetTraffic):
            serves |= end_of(step.after)
    services = {name: members for name, members in fleet(plan.release).items() if name != "db"}
    assert {name: {r: (m.workload, m.version) for r, m in each.items()} for name, each in runs.items()} == {
        name: {r: (m.workload, m.version) for r, m in each.items()} for name, each in services.items()
    }
    assert serves == traffic(plan.release)


@every_plan
def test_job_ids_are_unique_and_start_with_the_plan_id(plan: Plan) -> None:
    ids = [step.job for _, step in plan.steps() if hasattr(step, "job")]
    assert len(ids) == len(set(ids))
    assert all(identity.startswith(plan.id) for identity in ids)


def test_the_rollback_class_is_safe_except_for_plans_with_a_migration() -> None:
    assert {name for name, plan in PLANS.items() if plan.rollback != "safe"} == {"first", "with a migration"}


def test_equal_snapshots_make_equal_plans() -> None:
    assert next_plan() == next_plan()


@pytest.mark.parametrize(
    ("now", "note"),
    [
        (next_plan(replicas=3), "the instances of api: 2 of api@1 → 3 of api@1"),
        (deploy(release(3, kept=release(2)), snapshot(release(2))), "the live release: 1 → 2"),
    ],
    ids=["other instances", "another release meanwhile"],
)
def test_a_stale_plan_lists_what_has_changed(now: Plan, note: str) -> None:
    planned = deploy(release(2, kept=release(1), replicas=2), snapshot(release(1)))
    assert note in differences(planned, now)
    assert differences(planned, planned) == ()


def test_the_differences_of_a_stale_plan_are_sentences() -> None:
    old, new = release(1), release(2, kept=release(1), changed=("web",))
    facts = snapshot(old).datastores["db"]
    before = replace(snapshot(old), datastores={"db": replace(facts, schema=Schema())})
    planned, now = (deploy(release(3, kept=old), each) for each in (before, snapshot(new)))
    assert differences(planned, now) == (
        "the live release: 1 → 2",
        "the instances of web: 2 of web@1 → 2 of web@2",
        "the traffic of web: 100 % @1 → 100 % @2",
        "the schema of db: none → 0001_orders",
        "the last run: r-0001 → r-0002",
    )


def test_a_plan_is_stale_after_another_run() -> None:
    now = snapshot(release(1))
    planned, later = (deploy(release(2, kept=release(1)), each) for each in (now, replace(now, last_run="r-0009")))
    assert differences(planned, later) == ("the last run: r-0001 → r-0009",)
    assert planned.id != later.id


def test_the_document_of_a_step_has_the_keys_of_the_contract() -> None:
    found = document(next_plan())
    assert (found["kind"], found["from"], found["to"], found["rollback"]) == ("deploy", 1, 2, "safe")
    step = found["phases"][0]["ranks"][0][1]
    assert step == {
        "number": "1.2",
        "kind": "fetch",
        "title": "Copy web (3 files)",
        "place": "live",
        "reversible": True,
        "expected_s": None,
    }
    assert {"path": "version", "before": "1", "after": "2"} in found["changes"]


def test_the_expected_time_of_a_plan_needs_that_of_each_step() -> None:
    old = release(1)
    took = {"fetch": 1.0, "start_fleet": 4.0, "set_traffic": 0.5, "retire": 2.0}
    plan = deploy(release(2, kept=old), snapshot(old, expected=took))
    assert expected(plan) == 1.0 + 4 * 4.0 + 0.5 + 0.0 + 2 * 2.0
    assert expected(next_plan()) is None


def test_the_expected_time_of_a_build_comes_from_builds_of_the_same_service() -> None:
    old = release(1)
    new = release(2, kept=old, changed=("web",))
    key = new.services["web"].workload.artifact
    built = replace(new, artifacts=new.artifacts | {key: replace(new.artifacts[key], build=(("make",),))})
    took = {"fetch": 0.1}
    now = snapshot(old, expected=took)
    fetches = [
        next(step for _, step in deploy(built, each).steps())
        for each in (
            now,
            replace(now, expected=took | {"build web": 60.0}),
            replace(now, target=TargetFacts(prepared=frozenset({key}))),
        )
    ]
    assert [fetch.expected_s for fetch in fetches] == [None, 60.0, 0.1]
    titles = ["Copy and build web (3 files)", "Copy and build web (3 files)", "Reuse web (3 files)"]
    assert [fetch.title for fetch in fetches] == titles


def test_the_document_numbers_steps_like_the_journal() -> None:
    plan = next_plan()
    found = [each["number"] for phase in document(plan)["phases"] for rank in phase["ranks"] for each in rank]
    assert found == [number for number, _ in plan.steps()]
    assert all(len(rank) for phase in plan.phases for rank in phase.ranks)
    assert [a < b for a, b in pairwise(int(number.split(".")[0]) for number in found)].count(True) == len(
        plan.phases
    ) - 1
