"""The plan of a rollback: an earlier release becomes live again. It creates no release, and it is never gated."""

from msgspec.structs import replace

from mainstay.errors import BadInput
from mainstay.model import Release
from mainstay.model.call_graph import calls_between
from mainstay.planning.deploy import fetch_steps, schemas_of
from mainstay.planning.diff import changes_between
from mainstay.planning.durations import timed
from mainstay.planning.edge_change import edge_steps
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, Plan
from mainstay.planning.rollout import Rollout, moves_between, phases
from mainstay.planning.staleness import basis_of, identity
from mainstay.planning.strategy import at_once
from mainstay.planning.warnings import notes_on


def rollback(to: Release, now: Snapshot, *, declared: str = "", rolled_back_at: str = "") -> Plan:
    """Return the plan that makes *to* live again; data and schema stay as they are.

    *declared* is the fingerprint of what the manifest declares now: until that changes, `up` keeps *to*.
    *rolled_back_at* is the time at which an earlier rollback replaced *to*; empty if none did.
    """
    if now.release is None:
        raise BadInput(
            "no release is live, so there is nothing to roll back", remedy="mainstay up", code="nothing-here"
        )
    if now.release.number == to.number:
        raise BadInput(f"release {to.number} is live already", remedy="mainstay history", code="serves-already")
    basis = basis_of(to, now)
    name = identity("rollback", to, basis)
    first_edge, final_edge = edge_steps(now.serving.edge, to.edge)
    # A release that was live before is not canaried again. A worker's old fleet must stop before its callees move, so
    # `overlap` must not keep it until the end.
    moves = tuple(replace(at_once(move), overlap=False) for move in moves_between(now, to))
    over = Rollout(
        moves=moves,
        before=now.release.services,
        after=to.services,
        fleet={move.service: now.running.wanted.get(move.service, {}) for move in moves},
        calls=calls_between((now.release.services, to.services), (move.service for move in moves)),
        settle_s=0.0,
        callers_first=to.number < now.release.number,
        final_edge=final_edge,
    )
    fetched = fetch_steps(to, tuple(move.service for move in moves if move.new is not None), now, name)
    every = (
        Phase("fetch", (tuple(fetched),) if fetched else ()),
        Phase("provide", ((first_edge,),) if first_edge else ()),
        *phases(over),
    )
    return Plan(
        id=name,
        kind="rollback",
        environment=now.environment,
        version=to.version,
        release=to,
        before=now.release.number,
        before_version=now.release.version,
        rollback="safe",
        basis=basis,
        phases=tuple(timed(phase, now.expected) for phase in every if phase.ranks),
        changes=changes_between(now.release, _with_datastores_as_they_are(to, now), schemas_of(now)),
        notes=(*_was_rolled_back(to, rolled_back_at), *notes_on(over, to, now), *_schemas(to, now)),
        made_at=now.taken_at,
        declared=declared,
    )


def _was_rolled_back(to: Release, at: str) -> list[str]:
    if not at:
        return []
    when = f"{at[:10]} {at[11:16]}"
    return [f"release {to.number} is newer; it was rolled back at {when}: `mainstay rollback --to N` chooses another"]


def _with_datastores_as_they_are(to: Release, now: Snapshot) -> Release:
    """Return *to* with the current versions and schemas of the datastores, which a rollback does not change."""
    schemas = schemas_of(now)
    live = now.release.datastores if now.release else {}
    stores = {name: replace(store, schema=schemas.get(name, store.schema)) for name, store in live.items()}
    return replace(to, datastores=stores)


def _schemas(to: Release, now: Snapshot) -> list[str]:
    return [
        f"the schema of {name} stays at {revision or 'none'}; "
        f"release {to.number} was made for {to.datastores[name].schema or 'none'}"
        for name, revision in schemas_of(now).items()
        if name in to.datastores and to.datastores[name].schema != revision
    ]
