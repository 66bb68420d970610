"""The plan of a deploy: new instances are healthy before traffic moves, old ones stop after all traffic has moved."""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from mainstay.model import Release, Revision
from mainstay.planning.diff import changes_between
from mainstay.planning.draft import draft, timed_phases
from mainstay.planning.facts import Snapshot
from mainstay.planning.fetch_phase import fetch_phase
from mainstay.planning.plan import Phase, Plan, rank_of
from mainstay.planning.provide import edge_change, migrate_phase, start_datastores
from mainstay.planning.resolve import declares
from mainstay.planning.rollout import Rollout, ServiceChange, rollout_to, service_changes
from mainstay.planning.rollout_phases import retire_phase, settle_phase, stage_phases
from mainstay.planning.smoke_tests import SmokeTests, notes_on_calls, preview_steps, verify_phase
from mainstay.planning.stage_change import stage_changes
from mainstay.planning.synthetic import notes_on_quiet_services, synthetic_requests
from mainstay.planning.warnings import maintenance, notes_on, nothing_to_do
from mainstay.steps.support.fleet_state import is_down

NO_TESTS = SmokeTests()


def deploy(release: Release, now: Snapshot, tests: SmokeTests = NO_TESTS) -> Plan:
    """Return the plan that makes *release* live, tested by *tests*, starting from the snapshot *now*.

    When no step is needed, the plan has no phases, and its run only records the release. If the live release already is
    what the manifest declares, the plan is `unchanged` and needs no run.
    """
    declared = service_changes(now, release)
    changes = tuple(change.in_one_switch() if _old_is_down(change, now) else change for change in declared)
    rollout = rollout_to(release, now, changes)
    plan = draft("deploy", release, now, tests.flows)
    phases = deploy_phases(plan.id, release, now, rollout, tests)
    migrates = any(phase.name == "migrate" for phase in phases)
    plan = replace(plan, phases=phases, rollback="unknown" if migrates or _schema_differs(now) else "safe")
    if not phases and declares(release, now.release):
        return replace(plan, unchanged=True, notes=(nothing_to_do(release, now), *maintenance(now)))
    return replace(
        plan,
        changes=changes_between(now.release, release, now.schemas),
        notes=(
            *_notes_on_skipped_strategies(declared, changes),
            *notes_on(rollout, release, now),
            *notes_on_calls(tests, rollout),
            *notes_on_quiet_services(tests.flows, release, rollout),
        ),
    )


def deploy_phases(
    plan_id: str, release: Release, now: Snapshot, rollout: Rollout, tests: SmokeTests = NO_TESTS
) -> tuple[Phase, ...]:
    """Return the phases of a deploy that have steps, in the order of the runbook."""
    first, last = edge_change(now.serving.edge, release.edge)
    stages = stage_changes(rollout)
    replaced = now.release.version if now.release else ""
    synthetic = synthetic_requests(tests.flows, release, rollout, replaced)
    return timed_phases(
        now.expected,
        fetch_phase(release, release.brought, now, plan_id),
        Phase("provide", rank_of([first]) + rank_of(start_datastores(release, now, plan_id))),
        migrate_phase(release, now, plan_id),
        *stage_phases(stages, last, preview_steps(tests, stages, release), synthetic),
        verify_phase(tests, stages, release, edge_changes=bool(first or last)),
        settle_phase(stages, _settle_s(rollout), synthetic),
        retire_phase(stages),
    )


def _schema_differs(now: Snapshot) -> bool:
    """Return whether a schema is not that of the live release, because a run migrated it and was then undone."""
    made_for = {name: store.schema for name, store in now.release.datastores.items()} if now.release else {}
    return any(made_for.get(name, revision) != revision for name, revision in now.schemas.items())


def _settle_s(rollout: Rollout) -> float:
    new = [rollout.after[change.service] for change in rollout.changes if change.new]
    return max((service.strategy.settle_s for service in new), default=0.0)


def _old_is_down(change: ServiceChange, now: Snapshot) -> bool:
    """Return whether the old revision does not start, and so cannot keep a share of the requests.

    False for strategies that split no traffic. If True, the new revision replaces the old one in one switch.
    """
    live = now.running.wanted.get(change.service, {}).get(change.old or 0)
    if live is None or not change.old or change.old == change.new or change.strategy.kind not in ("canary", "rolling"):
        return False
    instances = [one for one in now.running.instances if one.service == change.service]
    return is_down(instances, change.old, live, datetime.fromisoformat(now.taken_at))


def _notes_on_skipped_strategies(
    declared: tuple[ServiceChange, ...], changes: tuple[ServiceChange, ...]
) -> Iterator[str]:
    for wanted, change in zip(declared, changes, strict=True):
        if wanted != change:
            old = Revision(wanted.service, wanted.old or 0)
            yield f"{old} does not start, so it is replaced at once instead of by {wanted.strategy.kind}"
