"""Plans read as runbooks."""

from typing import Literal

import pytest
from msgspec.structs import replace

from mainstay.cli.plan_text import text
from mainstay.drivers.datastores.datastore import Schema
from mainstay.model import Instance, Listener, Piece, SecretRef, Strategy
from mainstay.model.maintenance import Maintenance
from mainstay.planning.deploy import deploy
from mainstay.planning.document import document
from mainstay.planning.down import down
from mainstay.planning.plan import Change
from mainstay.planning.resolve import fingerprint
from mainstay.planning.rollback import rollback
from mainstay.steps.set_traffic import SetTraffic
from tests.shop import ADDRESS, EDGE, first_plan, next_plan, release, runbook, service, snapshot


def test_a_first_deploy_reads_like_a_runbook() -> None:
    assert runbook(first_plan()) == [
        "1.1 Copy api (3 files)",
        "1.2 Copy web (3 files)",
        "1.3 Copy worker (3 files)",
        "1.4 Copy the migrations of db (1 file)",
        "2.1 Open the edge on port 8080: /api → api, / → web",
        "2.2 Start db (18)",
        "3.1 Migrate db to 0001_orders (1 migration)",
        "4.1 Start api@1, 2 replicas",
        "4.2 Traffic: api 100 % @1",
        "4.3 Start web@1, 2 replicas",
        "4.4 Start worker@1",
        "4.5 Traffic: web 100 % @1",
        "4.6 Observe api@1, web@1, worker@1",
    ]


def test_the_next_deploy_keeps_the_old_fleet_until_the_new_one_has_settled() -> None:
    assert runbook(next_plan(Strategy(settle_s=60)))[3:] == [
        "2.1 Start api@2, 2 replicas",
        "2.2 Start web@2, 2 replicas",
        "2.3 Stop worker@1",
        "2.4 Start worker@2",
        "2.5 Traffic: api 100 % @2, then web 100 % @2",
        "2.6 Observe api@2, web@2, worker@2",
        "3.1 Let api@2, web@2, worker@2 settle for 60 s",
        "4.1 Retire web@1",
        "4.2 Retire api@1",
    ]


def test_a_stage_reverts_after_the_shortest_revert_after_of_its_services() -> None:
    new = release(2, kept=release(1))
    services = new.services | {"web": service("web", 2, strategy=Strategy(settle_s=0, revert_after_s=10))}
    there = deploy(replace(new, services=services), snapshot(release(1)))
    back = rollback(release(1), snapshot(replace(new, services=services)))
    assert [step.revert_after_s for _, step in there.steps() if isinstance(step, SetTraffic)] == [10]
    assert [step.revert_after_s for _, step in back.steps() if isinstance(step, SetTraffic)] == [60]


def test_a_canary_is_observed_at_every_percentage() -> None:
    plan = next_plan(Strategy("canary", (10.0, 50.0), hold_s=120, settle_s=0), replicas=4)
    assert [phase.name for phase in plan.phases][1:] == ["stage 1 of 3", "stage 2 of 3", "stage 3 of 3", "retire"]
    assert runbook(plan)[3:7] == [
        "2.1 Start api@2",
        "2.2 Start web@2",
        "2.3 Traffic: api 90 % @1 + 10 % @2, then web 90 % @1 + 10 % @2",
        "2.4 Observe api@2, web@2 for 120 s",
    ]


def two_of_web(state: Literal["starting", "unready"], *, early_exits: int = 0) -> tuple[Instance, ...]:
    """Both instances of web@1, since ten seconds before a snapshot is taken."""
    names = ("web-1-1", "web-1-2")
    at = "2026-01-05T11:59:50+00:00"
    return tuple(Instance(name, "web", 1, state, at, early_exits=early_exits) for name in names)


@pytest.mark.parametrize("kind", ["canary", "rolling"])
def test_a_live_revision_that_crashes_keeps_no_share_and_is_replaced_at_once(
    kind: Literal["canary", "rolling"],
) -> None:
    old, strategy = release(1), Strategy(kind, (10.0,), settle_s=0)
    new = release(2, kept=old, changed=("web",), strategy=strategy)
    now = snapshot(old)
    down, up = (
        deploy(new, replace(now, running=replace(now.running, instances=two_of_web("starting", early_exits=count))))
        for count in (3, 2)
    )
    assert [step for step in runbook(down) if "Traffic" in step] == ["2.2 Traffic: web 100 % @2"]
    assert down.notes[0] == f"web@1 does not start, so it is replaced at once instead of by {kind}"
    assert len([step for step in runbook(up) if "Traffic" in step]) == 2


def test_a_live_revision_that_hangs_for_longer_than_it_may_is_replaced_at_once() -> None:
    old, strategy = release(1), Strategy("canary", (10.0,), settle_s=0)
    now = replace(snapshot(old), taken_at="2026-01-05T12:01:00+00:00")
    now = replace(now, running=replace(now.running, instances=two_of_web("unready")))
    plan = deploy(release(2, kept=old, changed=("web",), strategy=strategy), now)
    assert [step for step in runbook(plan) if "Traffic" in step] == ["2.2 Traffic: web 100 % @2"]


def test_recreate_ends_traffic_before_the_fleet_and_notes_it() -> None:
    plan = next_plan(Strategy("recreate", settle_s=0))
    assert runbook(plan)[3:6] == [
        "2.1 Traffic: web none; when web@1 has no request in flight: api none",
        "2.2 Stop api@1, 2 replicas",
        "2.3 Stop web@1, 2 replicas",
    ]
    assert "web is unavailable between web@1 and web@2 (strategy recreate)" in plan.notes


def test_an_unchanged_service_is_not_restarted() -> None:
    old = release(1)
    plan = deploy(release(2, kept=old, changed=("web",)), snapshot(old))
    assert runbook(plan) == [
        "1.1 Copy web (3 files)",
        "2.1 Start web@2, 2 replicas",
        "2.2 Traffic: web 100 % @2",
        "2.3 Observe web@2",
        "3.1 Retire web@1",
    ]


def test_more_replicas_keep_the_revision() -> None:
    old = release(1)
    new = replace(release(2, kept=old, changed=()), services=old.services | {"web": service("web", 1, replicas=3)})
    assert runbook(deploy(new, snapshot(old))) == ["1.1 Start web@1 from 2 to 3"]


def test_fewer_replicas_do_not_change_the_edge() -> None:
    old = release(1, replicas=3)
    new = release(2, kept=old, changed=())
    new = replace(new, services=old.services | {"web": service("web", 1, replicas=2)})
    assert runbook(deploy(new, snapshot(old))) == ["1.1 Shrink web@1 from 3 to 2"]


def test_a_removed_service_keeps_its_route_until_its_callers_have_moved() -> None:
    old = release(1)
    routes = tuple(route for route in EDGE.routes if route.service == "web")
    without = {name: each for name, each in release(2, kept=old, changed=("web",)).services.items() if name != "api"}
    new = replace(release(2, kept=old, changed=("web",)), services=without, edge=replace(EDGE, routes=routes))
    assert runbook(deploy(new, snapshot(old)))[1:] == [
        "2.1 Start web@2, 2 replicas",
        "2.2 Traffic: web 100 % @2",
        "2.3 Change the edge on port 8080: / → web",
        "2.4 Observe web@2",
        "3.1 Retire web@1",
        "3.2 Retire api@1",
    ]


def test_a_new_service_has_its_route_and_traffic_before_its_callers_start() -> None:
    old = replace(release(1, changed=("web",)), edge=replace(EDGE, routes=EDGE.routes[1:]))
    new = release(2, kept=old, changed=("api", "web"))
    assert runbook(deploy(new, snapshot(old)))[2:6] == [
        "2.1 Change the edge on port 8080: /api → api, / → web",
        "3.1 Start api@2, 2 replicas",
        "3.2 Traffic: api 100 % @2",
        "3.3 Start web@2, 2 replicas",
    ]


def test_a_rollback_moves_callers_first_in_one_stage() -> None:
    old = release(1, strategy=Strategy("canary", (5.0,)))
    new = release(2, kept=old, strategy=Strategy("canary", (5.0,)))
    plan = rollback(old, snapshot(new))
    assert runbook(plan)[3:] == [
        "2.1 Start api@1, 2 replicas",
        "2.2 Start web@1, 2 replicas",
        "2.3 Stop worker@2",
        "2.4 Start worker@1",
        "2.5 Traffic: web 100 % @1; when web@2 has no request in flight: api 100 % @1",
        "2.6 Observe api@1, web@1, worker@1",
        "3.1 Retire web@2",
        "3.2 Retire api@2",
    ]
    assert (plan.version, plan.before, plan.release.number) == ("1", 2, 1)


def test_a_rollback_notes_that_the_schema_stays() -> None:
    old = release(1)
    new = release(2, kept=old, schema="0002_prices")
    assert (
        "the schema of db stays at 0002_prices; release 1 was made for 0001_orders"
        in rollback(old, snapshot(new)).notes
    )


def test_down_stops_everything_in_one_step_that_is_never_undone() -> None:
    plan = down(snapshot(release(1)))
    assert runbook(plan) == ["1.1 Drain and stop services, then datastores, then the edge"]
    assert [step.reversible for _, step in plan.steps()] == [False]


def test_down_with_data_notes_what_is_lost() -> None:
    plan = down(snapshot(release(1)), data=True)
    assert runbook(plan)[1:] == ["2.1 Remove data, releases and logs permanently"]
    assert plan.notes[0].startswith("data and releases are removed permanently")


def test_a_plan_notes_which_revisions_call_each_other_during_the_rollout() -> None:
    old = release(1)
    back = rollback(old, snapshot(release(2, kept=old)))
    canary = next_plan(Strategy("canary", (10.0,)))
    assert next_plan().notes[0] == (
        "api moves first, so web@1 calls api@2 for a moment; web@2 calls api@1 only before it receives requests"
    )
    assert canary.notes[0] == (
        "while traffic is split, web@1 and web@2 each call both api@1 and api@2: all four combinations must work"
    )
    assert back.notes[0] == (
        "web moves first; api moves when web@2 has no request in flight, so only web@1 calls both api@2 and api@1"
    )


def test_a_plan_notes_that_nothing_is_compared_when_nothing_is_observed() -> None:
    note = (
        "errors and times of the new release are not compared with the old one's, because `settle` is 0; run "
        "`mainstay rollback` if needed"
    )
    old = release(1)
    new = release(2, kept=old)
    only_a_worker = deploy(release(2, kept=old, changed=("worker",)), snapshot(old))
    without_edge = deploy(replace(new, edge=None), snapshot(replace(old, edge=None)))
    assert note in next_plan().notes
    assert all(note not in each.notes for each in (first_plan(), only_a_worker, without_edge))
    assert note not in rollback(old, snapshot(new)).notes


def test_a_rollback_lists_no_change_of_a_datastore() -> None:
    old = release(1)
    changes = rollback(old, snapshot(release(2, kept=old, schema="0002_prices"))).changes
    assert [change.path for change in changes if change.path.startswith("datastores")] == []


def test_a_deploy_lists_only_the_migrations_that_it_runs() -> None:
    old = release(1)
    now = snapshot(old)
    migrated = replace(now, datastores={"db": replace(now.datastores["db"], schema=Schema("0002_prices"))})
    new = release(2, kept=old, schema="0002_prices")
    assert Change("datastores.db.schema", "0001_orders", "0002_prices") in deploy(new, now).changes
    assert "datastores.db.schema" not in {change.path for change in deploy(new, migrated).changes}


def test_changes_show_values_as_text_and_secrets_by_name() -> None:
    old = release(1)
    api, key = old.services["api"], SecretRef("KEY", 4)
    read = {"KEY": key, "DATABASE_URL": ADDRESS, "WEB_URL": Listener("web")}
    new = replace(
        old, number=2, services=old.services | {"api": replace(api, workload=replace(api.workload, environment=read))}
    )
    without = replace(api, workload=replace(api.workload, environment={}))
    before = replace(old, services=old.services | {"api": without})
    found = {change.path.rpartition(".")[2]: change.after for change in deploy(new, snapshot(before)).changes}
    assert found["KEY"] == "secret KEY (version 4)"
    assert found["DATABASE_URL"] == "the address of db"
    assert found["WEB_URL"] == "the address of web"


def test_an_address_that_is_only_composed_differently_is_still_a_change() -> None:
    old = release(1)
    api = old.services["api"]
    other = replace(ADDRESS, pieces=(*ADDRESS.pieces, Piece("?sslmode=disable")))
    workload = replace(api.workload, environment=api.workload.environment | {"DATABASE_URL": other})
    new = replace(old, number=2, services=old.services | {"api": replace(api, workload=workload)})
    (change,) = [each for each in deploy(new, snapshot(old)).changes if each.path.endswith("DATABASE_URL")]
    assert (change.before, change.after) == ("the address of db", "the address of db, composed differently")


def test_a_plan_with_nothing_to_do_has_one_note() -> None:
    old = release(1)
    plan = deploy(replace(old, number=2, brought=()), snapshot(old))
    assert (plan.phases, plan.changes, plan.unchanged) == ((), (), True)
    sentence = "nothing to do: release 1 (1) is live, and it is what the manifest declares"
    assert list(text(plan)) == document(plan)["notes"] == [sentence]
    assert document(plan)["to"] == 1


def test_a_plan_notes_that_maintenance_is_on() -> None:
    now = snapshot(release(1))
    now = replace(
        now, serving=replace(now.serving, maintenance=Maintenance("", (), "ann", "2026-11-27T14:30:00+00:00"))
    )
    unchanged, changed = replace(release(1), number=2, brought=()), release(2, kept=release(1))
    for each in (deploy(unchanged, now), deploy(changed, now), rollback(release(1), replace(now, release=changed))):
        assert any(
            note.startswith("maintenance is on since 2026-11-27T14:30:00+00:00, and stays") for note in each.notes
        )


def test_a_new_version_of_the_same_services_is_a_release_that_restarts_nothing() -> None:
    old = release(1)
    new = replace(old, number=2, version="2", brought=())
    plan = deploy(replace(new, fingerprint=fingerprint(new)), snapshot(old))
    assert (plan.phases, plan.unchanged) == ((), False)
    assert [(change.path, change.after) for change in plan.changes] == [("version", "2")]
    assert plan.notes == ("no service changes: the revisions of release 1 stay, and nothing is restarted",)
    assert not any("nothing to do" in line for line in text(plan))


def test_what_the_manifest_declares_does_not_depend_on_the_schema_of_the_database() -> None:
    old = release(1)
    migrated = replace(old, datastores={"db": replace(old.datastores["db"], schema="0002_more")})
    assert fingerprint(migrated) == fingerprint(old)


def test_the_rollback_class_is_unknown_after_an_undone_run_migrated() -> None:
    old = release(1)
    now = snapshot(old)
    facts = replace(now.datastores["db"], schema=Schema("0002_more"))
    assert (
        deploy(release(2, kept=old, schema="0002_more"), replace(now, datastores={"db": facts})).rollback == "unknown"
    )


def test_a_schema_that_an_earlier_run_migrated_is_described_as_newer() -> None:
    now = snapshot(release(1))
    facts = replace(now.datastores["db"], schema=Schema("0002_more"))
    plan = deploy(release(2, kept=release(1), schema="0002_more"), replace(now, datastores={"db": facts}))
    assert (
        "rollback: unknown (the schema is newer than the live release; the old code was not tested on it)"
        in list(text(plan))
    )  # fmt: skip


@pytest.mark.parametrize("started", [True, False], ids=["does not respond", "is stopped"])
def test_a_schema_that_cannot_be_read_is_marked_as_not_verified(started: bool) -> None:
    now = snapshot(release(1))
    facts = replace(now.datastores["db"], schema=Schema("0001_orders", reachable=False))
    stopped = replace(now, datastores={"db": facts}, running=replace(now.running, started=started))
    state = "does not respond" if started else "is stopped"
    note = f"the schema of db is 0001_orders according to the history; not verified: db {state}"
    assert note in deploy(release(2, kept=release(1)), stopped).notes


def test_a_rollback_to_a_newer_release_that_was_rolled_back_names_it_and_another_choice() -> None:
    newer = release(2, kept=release(1))
    now = replace(snapshot(release(1)), rolled_back=newer)
    plan = rollback(newer, now, rolled_back_at="2026-01-05T02:51:07+00:00")
    assert not any("deploying ships" in note for note in plan.notes)
    assert plan.notes[0] == (
        "release 2 is newer; it was rolled back at 2026-01-05 02:51: `mainstay rollback --to N` chooses another"
    )


def test_deploying_the_code_of_a_release_that_was_rolled_back_is_noted() -> None:
    bad = release(2, kept=release(1))
    now = replace(snapshot(release(1), next_number=3), rolled_back=bad)
    same = replace(bad, number=3)
    assert "release 2 was rolled back; deploying ships its code again" in deploy(same, now).notes
    assert not any("rolled back" in note for note in deploy(release(3, kept=release(1)), now).notes)


def test_a_rollback_to_a_release_before_a_datastore_keeps_it_and_notes_it() -> None:
    old = replace(release(1), datastores={})
    assert (
        "release 1 did not use db: it keeps running, and its data is kept"
        in rollback(old, snapshot(release(2, kept=release(1)))).notes
    )


def test_down_with_data_is_announced_as_a_deletion() -> None:
    now = snapshot(release(1))
    assert down(now, data=True).title == "stop shop/local and delete its data"
    assert down(now).title == "stop shop/local"
