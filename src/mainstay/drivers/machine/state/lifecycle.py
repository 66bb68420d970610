"""The state of an instance, and how each event (start, probe, exit) changes it. Pure: no effects."""

import signal

import msgspec
from msgspec.structs import replace

from mainstay.drivers.machine.instances.probes import Probe
from mainstay.model import Exit, InstanceState, Workload
from mainstay.system.process_runner import End
from mainstay.system.processes import ProcessId

TRIES = 3
"""Number of early exits in a row, within `within_s` seconds, after which the supervisor gives up an instance.

An exit is early if the process was not steady yet. A proven revision, which has had a steady instance, has no such
limit.
"""
FIRST_BACKOFF_S, MAX_BACKOFF_S, BACKOFF_RESET_AFTER_S = 0.1, 30.0, 60.0
BACKOFF_PER_LIFETIME = 0.1
"""Maximum backoff after a steady process ended, as a fraction of the time that it ran; at least FIRST_BACKOFF_S."""
READINESS_FAILURES = 2
"""Number of failed probes in a row after which a steady instance becomes unready; a single timeout is enough."""
BUSY_TIMEOUT_S = 10.0
"""Minimum timeout, in seconds, of a readiness probe of a steady instance: a single-threaded process may be busy."""
LIVENESS_FAILURES = 3
"""Minimum number of failed liveness probes in a row before an instance counts as stuck."""
UNSEEN_END = "exit code unknown, the supervisor was restarted while it ran"
"""Exit reason of an adopted process: the kernel reports an exit code only to the parent, the earlier supervisor."""
LEFT_FOREGROUND = "ended before it was ready; a service must stay in the foreground"

_NAMES = {one.value: one.name for one in signal.Signals}


class Record(msgspec.Struct, frozen=True):
    """The part of an instance's state that is stored in its folder, and so survives when the supervisor is killed."""

    restarts: int = 0
    early_exits: int = 0
    """How many times in a row the process ended before it was steady."""
    first_started_at: float = 0.0
    """Start of the first process in the present series of early exits, or, without such a series, of the last process.
    In seconds of CLOCK_BOOTTIME."""
    steady: bool = False
    """Whether the present process has at some time been ready for the `steady_s` seconds of its workload."""
    failed: bool = False
    """Whether the supervisor no longer starts the instance: it gave up, `restart` forbids it, or the task is done."""
    done: bool = False
    """Whether the instance is a task that exited with code 0; `failed` is then set too."""
    last_exit: Exit | None = None
    since: str = ""
    """When the state of the instance last changed (RFC 3339)."""


class Runtime(msgspec.Struct, frozen=True):
    """The present state of one instance. Times are in seconds of CLOCK_BOOTTIME."""

    record: Record = Record()
    process: ProcessId | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    """The earliest time of the next start, after the backoff."""
    backoff_s: float = FIRST_BACKOFF_S
    answers: bool = False
    """Whether the instance answers, according to its last readiness probes."""
    good_since: float | None = None
    """Start of the series of successful readiness probes that makes or made the instance steady; None: no series."""
    failures: int = 0
    """Failed readiness probes in a row."""
    probe: str = ""
    """Request and response of the last readiness probe if it failed; empty if it succeeded."""
    live_failures: int = 0
    """Failed liveness probes in a row."""
    live_failing_since: float | None = None
    drain_since: float | None = None
    """When the drain began; None: it has not begun."""
    drained: bool = False
    """Whether the drain is over, because no request was in flight or it timed out."""
    signalled_at: float | None = None
    """When the stop signal was sent; None: it was not sent."""
    force_killed: bool = False
    reason: str = ""
    """Why the supervisor or the kernel kills the process: stuck, out of memory, or not stopped in time; else empty."""
    tail: tuple[str, ...] = ()
    """The last lines of output."""
    listens_elsewhere: str | None = None
    """The addresses where the instance listens instead of HOST:PORT; empty: none, None: not checked yet."""
    memory_bytes: int | None = None


def after_start(runtime: Runtime, process: ProcessId, now: float) -> Runtime:
    """Return the runtime of *process*, which was started at *now*; only record and backoff of *runtime* are kept."""
    first = runtime.record.first_started_at if runtime.record.early_exits else now
    record = replace(runtime.record, first_started_at=first, steady=False)
    return Runtime(record=record, process=process, started_at=now, backoff_s=runtime.backoff_s)


def probe_timeout(runtime: Runtime, workload: Workload) -> float:
    """Return the timeout of a readiness probe in seconds; at least BUSY_TIMEOUT_S for a steady instance."""
    return max(workload.health.limit_s, BUSY_TIMEOUT_S) if runtime.record.steady else workload.health.limit_s


def after_probe(runtime: Runtime, workload: Workload, probe: Probe, now: float) -> Runtime:
    """Apply a readiness probe's result.

    An instance becomes steady once its probes have succeeded for `steady_s`. A steady instance becomes unready after
    two failures in a row, or after one probe that had no response within `probe_timeout`.
    """
    if probe.good:
        since = now if runtime.good_since is None else runtime.good_since
        runtime = replace(runtime, answers=True, good_since=since, failures=0, probe="")
        if runtime.record.steady or now - since < workload.steady_s:
            return runtime
        return replace(runtime, record=replace(runtime.record, steady=True, early_exits=0), listens_elsewhere=None)
    failures = runtime.failures + (READINESS_FAILURES if probe.result == "silent" else 1)
    runtime = replace(runtime, probe=probe.exchange)
    if runtime.record.steady:
        return replace(runtime, failures=failures, answers=runtime.answers and failures < READINESS_FAILURES)
    return replace(runtime, failures=failures, answers=False, good_since=None)


def after_live(runtime: Runtime, workload: Workload, good: bool, now: float) -> Runtime:
    """Apply a liveness probe's result; set `reason` when the instance is stuck.

    The result of a draining instance is ignored: it may be busy with its last requests.
    """
    if good or runtime.drain_since is not None or runtime.drained:
        return replace(runtime, live_failures=0, live_failing_since=None)
    since = now if runtime.live_failing_since is None else runtime.live_failing_since
    runtime = replace(runtime, live_failures=runtime.live_failures + 1, live_failing_since=since)
    return (
        replace(runtime, reason=f"stuck, {workload.health.live} was not answered")
        if is_stuck(runtime, workload, now)
        else runtime
    )


def is_stuck(runtime: Runtime, workload: Workload, now: float) -> bool:
    """Return whether the instance must be restarted: its liveness probe failed often enough in a row, for long enough.

    The supervisor must not restart an instance for a single slow response or a short pause.
    """
    since = now if runtime.live_failing_since is None else runtime.live_failing_since
    return runtime.live_failures >= LIVENESS_FAILURES and now - since >= workload.health.stuck_after_s


def after_end(runtime: Runtime, workload: Workload, end: End, *, proven: bool, now: float, at: str) -> Runtime:
    """Apply the end of the process: set the time of the next start, after the backoff, or mark the instance as failed.

    The supervisor does not restart a completed task, or an instance whose `restart` forbids it. Unless the revision is
    *proven*, it does not restart an instance that ended with code 0 or too often before it was steady. *now* is in
    seconds of CLOCK_BOOTTIME, *at* is the same time as RFC 3339.
    """
    record = runtime.record
    done = workload.is_task and end.code == 0 and runtime.signalled_at is None and not runtime.reason
    early = 0 if record.steady or done else record.early_exits + 1
    reason = runtime.reason or ("" if done else _reason(end, steady=record.steady))
    failed = not proven and not record.steady and _gives_up(end, workload, early, now - record.first_started_at)
    failed = failed or not _restarts(workload, end)
    backoff = FIRST_BACKOFF_S if now - runtime.started_at >= BACKOFF_RESET_AFTER_S else runtime.backoff_s
    wait = (
        min(backoff, max(FIRST_BACKOFF_S, (now - runtime.started_at) * BACKOFF_PER_LIFETIME))
        if record.steady
        else backoff
    )
    return Runtime(
        record=replace(
            record,
            restarts=record.restarts + (not failed),
            early_exits=early,
            steady=False,
            failed=failed,
            done=done,
            last_exit=Exit(at, end.code, _name(end.signal), reason),
            since=at,
        ),
        start_at=now + wait,
        backoff_s=min(backoff * 2, MAX_BACKOFF_S),
        drain_since=runtime.drain_since,
        drained=runtime.drained,
        signalled_at=runtime.signalled_at,
    )


def _reason(end: End, *, steady: bool) -> str:
    if end == End():
        return UNSEEN_END
    return LEFT_FOREGROUND if end.code == 0 and not steady else ""


def _gives_up(end: End, workload: Workload, early: int, took_s: float) -> bool:
    """Return whether an instance whose process ended before it was steady is not started again.

    *took_s* are the seconds since `first_started_at`.
    """
    return end.code == 0 or (early >= TRIES and took_s <= workload.health.within_s)


def _restarts(workload: Workload, end: End) -> bool:
    if workload.restart == "on-failure":
        return end.code != 0
    return workload.restart != "no"


def _name(number: int | None) -> str | None:
    return None if number is None else _NAMES.get(number, f"signal {number}")


def state_of(runtime: Runtime, *, leaving: bool, ready: bool) -> InstanceState:
    """Return the state of the instance, one of `INSTANCE_STATES`.

    *leaving* is whether the instance must end, *ready* whether it may receive requests.
    """
    if leaving:
        return "draining" if runtime.process else "stopped"
    if runtime.record.failed:
        last = runtime.record.last_exit
        return "stopped" if last and last.code == 0 and not last.reason else "failed"
    if ready:
        return "ready"
    return "unready" if runtime.record.steady else "starting"
