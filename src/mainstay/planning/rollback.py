"""The plan of a rollback: an earlier release becomes live again. It makes no new release, and no check can block it."""

from msgspec.structs import replace

from mainstay.errors import BadInput
from mainstay.model import Release
from mainstay.planning.diff import changes_between
from mainstay.planning.draft import draft, timed_phases
from mainstay.planning.facts import Snapshot
from mainstay.planning.fetch_phase import fetch_phase
from mainstay.planning.plan import Phase, Plan, rank_of
from mainstay.planning.provide import edge_change
from mainstay.planning.rollout import Rollout, rollout_to, service_changes
from mainstay.planning.rollout_phases import retire_phase, stage_phases
from mainstay.planning.stage_change import stage_changes
from mainstay.planning.warnings import notes_on


def rollback(to: Release, now: Snapshot, *, declared: str = "", rolled_back_at: str = "") -> Plan:
    """Return the plan that makes *to* live again; data and schema stay as they are.

    *declared* is the fingerprint of what the manifest declares now: until it changes, `up` keeps *to* live.
    *rolled_back_at* is the time at which an earlier rollback replaced *to*; empty if none did. Raises BadInput when no
    release is live, or when *to* is.
    """
    live = _live_other_than(to, now)
    # A release that was live before is not canaried again. A worker's old fleet must stop before its callees move, so
    # `overlap` must not keep it until the end.
    changes = tuple(replace(change.in_one_switch(), overlap=False) for change in service_changes(now, to))
    rollout = rollout_to(to, now, changes, callers_first=to.number < live.number)
    plan = draft("rollback", to, now)
    return replace(
        plan,
        phases=rollback_phases(plan.id, to, now, rollout),
        changes=changes_between(live, _with_current_datastores(to, now), now.schemas),
        notes=(*_was_rolled_back(to, rolled_back_at), *notes_on(rollout, to, now), *_schemas(to, now)),
        declared=declared,
    )


def rollback_phases(plan_id: str, to: Release, now: Snapshot, rollout: Rollout) -> tuple[Phase, ...]:
    """Return the phases of a rollback that have steps, in the order of the runbook."""
    first, last = edge_change(now.serving.edge, to.edge)
    stages = stage_changes(rollout)
    started = (change.service for change in rollout.changes if change.new is not None)
    return timed_phases(
        now.expected,
        fetch_phase(to, started, now, plan_id),
        Phase("provide", rank_of([first])),
        *stage_phases(stages, last),
        retire_phase(stages),
    )


def _live_other_than(to: Release, now: Snapshot) -> Release:
    """Return the live release. Raises BadInput when there is none, or when it is *to*."""
    if now.release is None:
        raise BadInput(
            "no release is live, so there is nothing to roll back", remedy="mainstay up", code="nothing-here"
        )
    if now.release.number == to.number:
        raise BadInput(f"release {to.number} is live already", remedy="mainstay history", code="serves-already")
    return now.release


def _was_rolled_back(to: Release, at: str) -> list[str]:
    if not at:
        return []
    when = f"{at[:10]} {at[11:16]}"
    return [f"release {to.number} is newer; it was rolled back at {when}: `mainstay rollback --to N` chooses another"]


def _with_current_datastores(to: Release, now: Snapshot) -> Release:
    """Return *to* with the current versions and schemas of the datastores, which a rollback does not change."""
    schemas = now.schemas
    live = now.release.datastores if now.release else {}
    stores = {name: replace(store, schema=schemas.get(name, store.schema)) for name, store in live.items()}
    return replace(to, datastores=stores)


def _schemas(to: Release, now: Snapshot) -> list[str]:
    return [
        f"the schema of {name} stays at {revision or 'none'}; "
        f"release {to.number} was made for {to.datastores[name].schema or 'none'}"
        for name, revision in now.schemas.items()
        if name in to.datastores and to.datastores[name].schema != revision
    ]
