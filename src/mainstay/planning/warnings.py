"""The notes of a plan: sentences on what the reader should know before approving it."""

from collections.abc import Iterator

from mainstay.model import Release
from mainstay.planning.facts import Snapshot
from mainstay.planning.rollout import Rollout, ServiceChange

MIXED = {"canary", "rolling"}
"""Strategies that split traffic between the old and the new revision."""


def notes_on(rollout: Rollout, release: Release, now: Snapshot) -> tuple[str, ...]:
    """Return the notes of a plan, one sentence each."""
    return (
        *maintenance(now),
        *_schemas_not_verified(now),
        *_rolled_back(release, now),
        *_nothing_restarted(rollout, now),
        *_interpreter(release, now),
        *_mixed_releases(rollout),
        *_unavailable_services(rollout),
        *_nothing_compared(rollout, release, now),
        *_datastores(release, now),
        *_private_copies(rollout, now),
    )


def nothing_to_do(release: Release, now: Snapshot) -> str:
    """Return the only note of a plan that is `unchanged`."""
    number = now.release.number if now.release else release.number
    return f"nothing to do: release {number} ({release.version}) is live, and it is what the manifest declares"


def maintenance(now: Snapshot) -> Iterator[str]:
    """Yield a note while maintenance is on, which the run does not end."""
    if on := now.serving.maintenance:
        yield f"maintenance is on since {on.since}, and stays on: clients get 503 until `mainstay maintenance off`"


def _schemas_not_verified(now: Snapshot) -> Iterator[str]:
    for name, facts in now.datastores.items():
        if now.release is not None and name in now.release.datastores and not facts.schema.reachable:
            state = "does not respond" if now.running.started else "is stopped"
            revision = facts.schema.revision or "none"
            yield f"the schema of {name} is {revision} according to the history; not verified: {name} {state}"


def _rolled_back(release: Release, now: Snapshot) -> Iterator[str]:
    """Yield a note when the plan makes code live again that a rollback has just replaced."""
    old = now.rolled_back
    if old is None or now.release is None or release.number <= old.number:
        return
    if _code(release) == _code(old) != _code(now.release):
        yield f"release {old.number} was rolled back; deploying ships its code again"


def _code(release: Release) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {name: (each.workload.artifact, each.workload.command) for name, each in release.services.items()}


def _nothing_restarted(rollout: Rollout, now: Snapshot) -> Iterator[str]:
    if now.release is not None and not rollout.changes:
        yield f"no service changes: the revisions of release {now.release.number} stay, and nothing is restarted"


def _interpreter(release: Release, now: Snapshot) -> Iterator[str]:
    python = now.target.python
    users = [name for name in release.brought if python and python in release.services[name].workload.command]
    if users:
        yield f"{{python}} is {python} (for {', '.join(users)})"


def _mixed_releases(rollout: Rollout) -> Iterator[str]:
    """Yield which revision of a caller may call which revision of its callee while both releases run."""
    replaced = {change.service: change for change in rollout.changes if change.replaces}
    for caller in replaced.values():
        for callee in (replaced[name] for name in rollout.after[caller.service].needs if name in replaced):
            yield from _mixed_pair(caller, callee, rollout)


def _mixed_pair(caller: ServiceChange, callee: ServiceChange, rollout: Rollout) -> Iterator[str]:
    kinds = {caller.strategy.kind, callee.strategy.kind}
    if caller.service in rollout.calls[callee.service]:
        yield (
            f"{caller.service} and {callee.service} call each other and move together: a request in flight may meet "
            "the other release"
        )
    elif rollout.callers_first:
        yield (
            f"{caller.service} moves first; {callee.service} moves when {_old(caller)} has no request in flight, "
            f"so only {_new(caller)} calls both {_old(callee)} and {_new(callee)}"
        )
    elif kinds & MIXED:
        yield (
            f"while traffic is split, {_old(caller)} and {_new(caller)} each call both {_old(callee)} and "
            f"{_new(callee)}: all four combinations must work"
        )
    elif "recreate" not in kinds:
        yield (
            f"{callee.service} moves first, so {_old(caller)} calls {_new(callee)} for a moment; {_new(caller)} "
            f"calls {_old(callee)} only before it receives requests"
        )


def _nothing_compared(rollout: Rollout, release: Release, now: Snapshot) -> Iterator[str]:
    new = now.release is not None and release.number > now.release.number
    if new and release.edge is not None and rollout.replacing and not rollout.compares:
        yield (
            "errors and times of the new release are not compared with the old one's, because `settle` is 0; run "
            "`mainstay rollback` if needed"
        )


def _old(change: ServiceChange) -> str:
    return f"{change.service}@{change.old}"


def _new(change: ServiceChange) -> str:
    return f"{change.service}@{change.new}"


def _unavailable_services(rollout: Rollout) -> Iterator[str]:
    for change in rollout.changes:
        if change.replaces and not change.worker and change.strategy.kind == "recreate":
            yield f"{change.service} is unavailable between {_old(change)} and {_new(change)} (strategy recreate)"
        if change.old is not None and change.new is None:
            yield f"{change.service} is not part of this release: Mainstay stops it at the end"


def _datastores(release: Release, now: Snapshot) -> Iterator[str]:
    for name, store in release.datastores.items():
        running = [member.workload for member in now.running.wanted.get(name, {}).values()]
        if running and store.workload and store.workload not in running:
            yield f"{name} restarts with other settings: it is unavailable for that time"
        if now.pending(name) and store.migrations and now.release:
            yield f"a rollback keeps the schema of {name}: the old code then runs on {store.schema}"
    for name in sorted(set(now.release.datastores if now.release else {}) - set(release.datastores)):
        is_earlier = release.number < now.next_number
        why = f"release {release.number} did not use {name}" if is_earlier else f"{name} is no longer in the manifest"
        yield f"{why}: it keeps running, and its data is kept"


def _private_copies(rollout: Rollout, now: Snapshot) -> Iterator[str]:
    for name in (change.service for change in rollout.changes):
        runner = rollout.after.get(name)
        if runner and not runner.workload.read_only:
            yield (
                f"each instance of {name} writes into a private copy of its content, which is removed with the "
                f"instance; what it wrote is kept in {now.running.kept_in}/{name}, as long as its release"
            )
