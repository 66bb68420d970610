"""The steps that provide what services need: they configure the edge, start datastores and migrate schemas."""

from collections.abc import Iterator

from msgspec.structs import replace

from mainstay.model import Edge, Member, Release, Route
from mainstay.model.matching import prefix
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase
from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.migrate import Migrate
from mainstay.steps.start_datastore import StartDatastore


def edge_change(before: Edge | None, after: Edge | None) -> tuple[ConfigureEdge | None, ConfigureEdge | None]:
    """Return the first and the last step that change the edge; None in place of a step that would change nothing.

    The first step precedes every start. It applies the settings of *after* and adds the routes that only *after* has,
    but keeps all routes of *before*; the preview door gets all routes of *after*. The last step follows the change of
    traffic. It replaces the routes that differ, removes those that only *before* has, and clears `Edge.awaited`.
    """
    both = _with_both_routes(before, after)
    first = ConfigureEdge(before=before, after=both) if both != before else None
    return first, ConfigureEdge(before=both, after=after) if after != both else None


def start_datastores(release: Release, now: Snapshot, plan_id: str) -> Iterator[StartDatastore]:
    """Yield a step for each datastore that Mainstay runs and whose desired instance changes or is new."""
    for name, store in release.datastores.items():
        before = now.running.wanted.get(name, {})
        after = {store.revision: Member(store.workload, 1, store.version)} if store.workload else {}
        if after and before != after:
            yield StartDatastore(name=name, before=before, after=after, job=f"{plan_id}-{name}")


def migrate_phase(release: Release, now: Snapshot, plan_id: str) -> Phase:
    """Return the phase that runs the pending migrations, one datastore after the other."""
    steps = (
        Migrate(
            name=name,
            migrations=store.migrations,
            pending=now.pending(name),
            before=now.datastores[name].schema.revision,
            after=store.schema,
            job=f"{plan_id}-migrate-{name}",
        )
        for name, store in release.datastores.items()
        if store.migrations and now.pending(name)
    )
    return Phase("migrate", tuple((step,) for step in steps))


def _with_both_routes(before: Edge | None, after: Edge | None) -> Edge | None:
    if before is None or after is None:
        return after or before
    known = {(route.path, route.host, route.listen) for route in before.routes}
    new = tuple(route for route in after.routes if (route.path, route.host, route.listen) not in known)
    routes, awaited = before.routes + new, _awaited(new, before.routes)
    if set(routes) == set(after.routes):
        return replace(after, awaited=awaited)
    changed = set(after.routes) - set(routes)
    return replace(after, routes=routes, preview_routes=after.routes if changed else (), awaited=awaited)


def _awaited(new: tuple[Route, ...], before: tuple[Route, ...]) -> tuple[str, ...]:
    """Return the new services whose *new* routes take requests from a route of *before*.

    Until such a service has traffic, the old route must keep matching; otherwise the edge would answer with 503.
    """
    known = {route.service for route in before}
    taken = {route.service for route in new if any(_includes(other, route) for other in before)}
    return tuple(sorted(taken - known))


def _includes(wide: Route, narrow: Route) -> bool:
    same_place = wide.listen == narrow.listen and wide.host in ("", narrow.host)
    return same_place and f"{prefix(narrow)}/".startswith(f"{prefix(wide)}/")
