"""Sessions: execute a run while holding the environment's lock and writing its journal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from mainstay.drivers.targets.target import Target
from mainstay.drivers.world import World
from mainstay.engine import engine
from mainstay.engine.runner import Runner
from mainstay.errors import LockHeld
from mainstay.history.events import RunOutcome
from mainstay.history.journal import Journal
from mainstay.history.signing import SigningKey
from mainstay.history.sqlite import SqliteJournal
from mainstay.history.summary import History
from mainstay.model import Environment
from mainstay.model.run_kind import run_kind
from mainstay.operations.context import Context, write_environment
from mainstay.operations.given_secrets import store
from mainstay.operations.history import history_of, journal_reader
from mainstay.operations.outcome import CommandOutcome, OutcomeName
from mainstay.operations.retention import kept, prune_plans
from mainstay.planning.plan import Plan
from mainstay.system.clock import SystemClock
from mainstay.system.disk_space import require_room
from mainstay.system.file_lock import Lock
from mainstay.system.state_dir import create_folders


@contextmanager
def locked(context: Context) -> Iterator[None]:
    """Hold the environment's lock. Raises LockHeld, naming the holder, when another process holds it."""
    create_folders(context.folders)
    lock = Lock(context.folders.lock)
    try:
        lock.take()
    except LockHeld:
        raise _lock_held_error(context) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def open_journal(context: Context) -> Iterator[Journal]:
    """Hold the environment's lock and yield its journal for writing. Raises LockHeld like `locked`."""
    folders = context.folders
    with locked(context):
        journal = SqliteJournal(folders.journal, folders.head, SystemClock(), SigningKey.of(folders))
        try:
            yield journal
        finally:
            journal.close()


def require_idle(context: Context, *, allow_unfinished: bool = False) -> None:
    """Raise LockHeld when a process holds the lock or a run is unfinished, and NoRoom when the disk is full.

    *allow_unfinished*: accept an unfinished run that no process executes. The lock is not taken.
    """
    if not context.folders.state.exists():
        return
    if not Lock(context.folders.lock).is_free():
        raise _lock_held_error(context)
    require_room(context.folders.state)
    if not allow_unfinished:
        require_no_unfinished_run(context)


def require_no_unfinished_run(context: Context) -> None:
    """Raise LockHeld when a run is unfinished, because it must end before another begins."""
    waiting = history_of(context).unfinished
    if waiting:
        what = f"run {waiting} is unfinished"
        raise LockHeld(what, remedy="mainstay resume, or mainstay abort to roll it back", code="run-unfinished")


def begin(plan: Plan, journal: Journal, context: Context, runner: Runner) -> CommandOutcome:
    """Store the values of *plan*, start a stopped environment, execute the plan and return the outcome.

    The caller holds the lock.
    """
    # Store the environment first: it records where the key of the secrets is, so later shells cannot change that.
    write_environment(plan.environment, context.folders)
    world = context.world(plan.environment)
    store(plan.values, world, context, runner.by)
    # If no release is live, no start precedes the run, and the supervisor of a stopped environment has exited.
    if run_kind(plan.kind).needs_running and not world.target.fleet_status().started:
        world.target.start()
    return execute_run(context, world, lambda: engine.begin(plan, world, journal, runner))


def execute_run(context: Context, world: World, execute: Callable[[], RunOutcome]) -> CommandOutcome:
    """Call *execute*, which executes a run in *world*, and return the command's outcome.

    After a successful deploy or rollback, also remove old releases and plans. The caller holds the lock.
    """
    began = time.monotonic()
    outcome = execute()
    past = history_of(context)
    _store_live_environment(context, past)
    run = past.runs[0]
    note = _prune(context, world.target, past) if outcome == "released" and run_kind(run.kind).needs_running else ""
    took_s = round(time.monotonic() - began, 3)
    return replace(outcome_now(context, world.target, run.kind, outcome, took_s, note), run=run.run)


def without_run(context: Context, kind: str, started: bool, took_s: float, note: str) -> CommandOutcome:
    """Return the outcome of a command without a run: it started the live release (*started*), or changed nothing."""
    target = context.target(context.stored())
    return outcome_now(context, target, kind, "started" if started else "unchanged", took_s, note)


def outcome_now(
    context: Context, target: Target, kind: str, outcome: OutcomeName, took_s: float, note: str = ""
) -> CommandOutcome:
    """Return a command's outcome that names the release that is live now and the address of the front door.

    `run` of the result is empty.
    """
    live = history_of(context).live
    number, version = (live.number, live.version) if live else (None, "")
    return CommandOutcome("", kind, outcome, number, version, target.traffic_status().public_url, took_s, note)


def _store_live_environment(context: Context, past: History) -> None:
    """Store the live release's environment again, because a run that was rolled back had stored the one it planned."""
    found = past.environment(past.live.number) if past.live else None
    if found is not None and found != b"null":
        write_environment(msgspec.json.decode(found, type=Environment), context.folders)


def _prune(context: Context, target: Target, past: History) -> str:
    """Remove plans and releases that are no longer kept. Return why that failed; empty: it succeeded.

    A failure is only a note, because the run has succeeded nevertheless.
    """
    try:
        target.prune(kept(past))
        prune_plans(context.folders)
    except OSError as trouble:
        return f"older releases could not be removed: {trouble.strerror} ({trouble.filename})"
    return ""


def _lock_held_error(context: Context) -> LockHeld:
    owner = journal_reader(context).owner()
    if owner is None:
        return LockHeld("another command holds the lock and is about to begin", remedy="mainstay status")
    holder = f"{owner.who} on {owner.host} (process {owner.pid})"
    what = f"{holder} has held the lock since {owner.since}: {owner.message}, run {owner.run}"
    return LockHeld(what, remedy=f"wait for it (mainstay status --watch); mainstay abort rolls {owner.run} back")
