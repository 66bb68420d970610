"""Notes: what the reader should know before saying yes."""

from collections.abc import Iterator

from mainstay.plan.takeover import TakeOver
from mainstay.release import Release
from mainstay.revision import Revision
from mainstay.snapshot import Snapshot
from mainstay.strategy import Move


def notes_on(over: TakeOver, release: Release, now: Snapshot) -> tuple[str, ...]:
    """One sentence each."""
    return (
        *_nothing(over, release, now),
        *_python(release, now),
        *_neighbours(over),
        *_gaps(over),
        *_stores(release, now),
        *_copies(over, now),
    )


def _nothing(over: TakeOver, release: Release, now: Snapshot) -> Iterator[str]:
    same = now.release is not None and now.release.fingerprint == release.fingerprint
    if same and not over.moves:
        yield f"nothing to change: release {now.release.number if now.release else ''} is what the manifest says"


def _python(release: Release, now: Snapshot) -> Iterator[str]:
    python = now.programs.python
    users = [name for name in release.brought if python and python in release.services[name].spec.command]
    if users:
        yield f"{{python}} is {python} (for {', '.join(users)})"


def _neighbours(over: TakeOver) -> Iterator[str]:
    """Which new revision may meet which old one, while both are there."""
    moved = {move.service: move for move in over.moves if move.old is not None and move.old != move.new}
    for name, move in moved.items():
        carrier = over.after.get(name)
        for callee in carrier.needs if carrier and move.new is not None else ():
            if callee in moved and moved[callee].new is not None:
                yield f"{_both(move)} may each meet {_both(moved[callee])}"


def _both(move: Move) -> str:
    return " and ".join(str(Revision(move.service, each)) for each in (move.old, move.new) if each is not None)


def _gaps(over: TakeOver) -> Iterator[str]:
    for move in over.moves:
        replaced = move.old is not None and move.new is not None and move.old != move.new
        if replaced and not move.worker and move.strategy.kind == "recreate":
            yield f"{move.service} answers nobody between its old and its new revision (recreate)"
        if move.old is not None and move.new is None:
            yield f"{move.service} is not part of this release: it is stopped at the end"


def _stores(release: Release, now: Snapshot) -> Iterator[str]:
    for name, store in release.datastores.items():
        running = now.running.wanted.get(name, {})
        if running and store.spec is not None and store.spec not in [each.spec for each in running.values()]:
            yield f"{name} is stopped and started again with other settings: nobody reaches it meanwhile"
        if name in now.datastores and now.datastores[name].schema.pending and store.migrations and now.release:
            yield f"going back keeps the schema of {name}: the old code then runs on {store.schema}"
    for name in sorted(set(now.release.datastores if now.release else {}) - set(release.datastores)):
        yield f"{name} is no longer in the manifest: it is left running, and its data is kept"


def _copies(over: TakeOver, now: Snapshot) -> Iterator[str]:
    for name in over.moving:
        carrier = over.after.get(name)
        if carrier and carrier.spec.private_copy:
            yield (
                f"each instance of {name} writes into a private copy of its content, which is removed with the "
                f"instance; what it wrote is kept in {now.environment.state}/written/{name}, as long as its release"
            )
