"""The plan of a deploy: new instances are healthy before traffic moves; old ones stop after all of it has moved."""

from datetime import datetime

from mainstay.model import DatastoreRelease, Member, Release
from mainstay.model.call_graph import calls_between
from mainstay.model.revision import Revision
from mainstay.planning.diff import changes_between
from mainstay.planning.durations import timed
from mainstay.planning.edge_change import edge_steps
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, Plan, Rollback
from mainstay.planning.resolve import declares
from mainstay.planning.rollout import Rollout, moves_between, phases
from mainstay.planning.staleness import basis_of, identity
from mainstay.planning.strategy import ServiceChange, at_once
from mainstay.planning.warnings import notes_on, nothing_to_do
from mainstay.steps.fetch_artifact import FetchArtifact
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.step import Step
from mainstay.steps.support.waits import is_down

Ranks = tuple[tuple[Step, ...], ...]


def deploy(release: Release, now: Snapshot) -> Plan:
    """Return the plan that makes *release* live, starting from the snapshot *now*.

    It has no phases when no service changes: the run then only records the release, or does nothing if `unchanged`.
    """
    basis = basis_of(release, now)
    name = identity("deploy", release, basis)
    first_edge, final_edge = edge_steps(now.serving.edge, release.edge)
    declared = moves_between(now, release)
    moves = tuple(at_once(move) if _is_down(move, now) else move for move in declared)
    before = now.release.services if now.release else {}
    over = Rollout(
        moves=moves,
        before=before,
        after=release.services,
        fleet={move.service: now.running.wanted.get(move.service, {}) for move in moves},
        calls=calls_between((before, release.services), (move.service for move in moves)),
        settle_s=max((release.services[m.service].strategy.settle_s for m in moves if m.new), default=0.0),
        final_edge=final_edge,
    )
    migrating = _migrate(release, now, name)
    every = (
        Phase("fetch", _rank(fetch_steps(release, release.brought, now, name))),
        Phase("provide", (*_rank([first_edge] if first_edge else []), *_rank(_provide(release, now, name)))),
        Phase("migrate", tuple((step,) for step in migrating)),
        *phases(over),
    )
    phased = tuple(timed(phase, now.expected) for phase in every if phase.ranks)
    unchanged = not phased and declares(release, now.release)
    rollback: Rollback = "unknown" if migrating or _schema_has_moved(now) else "safe"
    return Plan(
        id=name,
        kind="deploy",
        environment=now.environment,
        version=release.version,
        release=release,
        before=now.release.number if now.release else None,
        before_version=now.release.version if now.release else "",
        rollback=rollback,
        basis=basis,
        phases=phased,
        changes=() if unchanged else changes_between(now.release, release, schemas_of(now)),
        notes=(nothing_to_do(release, now),)
        if unchanged
        else (*_switched(declared, moves), *notes_on(over, release, now)),
        made_at=now.taken_at,
        unchanged=unchanged,
    )


def _is_down(move: ServiceChange, now: Snapshot) -> bool:
    """Return whether the old revision does not start, so that it cannot keep a share of the requests.

    True only for strategies that split traffic (canary, rolling); the new revision then replaces it in one switch.
    """
    live = now.running.wanted.get(move.service, {}).get(move.old or 0)
    if live is None or move.old in (None, move.new) or move.strategy.kind not in ("canary", "rolling"):
        return False
    mine = [one for one in now.running.instances if one.service == move.service]
    return is_down(mine, move.old or 0, live, datetime.fromisoformat(now.taken_at))


def _switched(declared: tuple[ServiceChange, ...], moves: tuple[ServiceChange, ...]) -> tuple[str, ...]:
    changed = [was for was, move in zip(declared, moves, strict=True) if was != move]
    return tuple(
        f"{Revision(was.service, was.old or 0)} does not start: it is replaced at once, without {was.strategy.kind}"
        for was in changed
    )


def schemas_of(now: Snapshot) -> dict[str, str]:
    """Return the current schema revision of each datastore: as read, or from the history while it is stopped.

    A datastore that cannot be reached and has no history is left out.
    """
    return {name: s.schema.revision for name, s in now.datastores.items() if s.schema.reachable or s.schema.revision}


def _schema_has_moved(now: Snapshot) -> bool:
    """Return whether a schema differs from the live release's: a run that was undone may have migrated it."""
    made_for = {name: store.schema for name, store in now.release.datastores.items()} if now.release else {}
    return any(made_for.get(name, revision) != revision for name, revision in schemas_of(now).items())


def _rank(steps: list[Step]) -> Ranks:
    return (tuple(steps),) if steps else ()


def fetch_steps(release: Release, brought: tuple[str, ...], now: Snapshot, plan: str) -> list[Step]:
    """Return steps that fetch the artifacts of *brought*, of pending migrations, and damaged ones of other services.

    An artifact that several of them share is fetched once.
    """
    users: dict[str, list[str]] = {}
    for name in brought:
        users.setdefault(release.services[name].workload.artifact, []).append(name)
    for name, store in release.datastores.items():
        if _pending(now, name) and store.migrations:
            users.setdefault(store.migrations, []).append(f"the migrations of {name}")
    repaired = {each.workload.artifact for each in release.services.values()} & now.damaged - users.keys()
    for name, each in release.services.items():
        if each.workload.artifact in repaired:
            users.setdefault(each.workload.artifact, []).append(name)
    return [
        FetchArtifact(
            artifact=release.artifacts[key],
            what=tuple(names),
            job=f"{plan}-build-{key[:8]}",
            kept=key in now.built,
            repairs=key in repaired,
        )
        for key, names in users.items()
        if key in release.artifacts
    ]


def _provide(release: Release, now: Snapshot, plan: str) -> list[Step]:
    """Return the steps for datastores that Mainstay runs and that differ from their desired state."""
    found: list[Step] = []
    for name, store in release.datastores.items():
        before = now.running.wanted.get(name, {})
        after = _alone(store)
        if after and before != after:
            found.append(StartDatastore(name=name, before=before, after=after, job=f"{plan}-{name}"))
    return found


def _alone(store: DatastoreRelease) -> dict[int, Member]:
    """Return the single-member fleet of a datastore; empty for one that runs elsewhere."""
    return {store.revision: Member(store.workload, 1, store.version)} if store.workload else {}


def _migrate(release: Release, now: Snapshot, plan: str) -> list[Step]:
    return [
        Migrate(
            name=name,
            migrations=store.migrations,
            pending=_pending(now, name),
            before=now.datastores[name].schema.revision,
            after=store.schema,
            job=f"{plan}-migrate-{name}",
        )
        for name, store in release.datastores.items()
        if store.migrations and _pending(now, name)
    ]


def _pending(now: Snapshot, name: str) -> tuple[str, ...]:
    return now.datastores[name].schema.pending if name in now.datastores else ()
