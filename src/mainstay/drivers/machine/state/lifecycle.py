"""The state of an instance, and how each event (start, probe, exit) changes it. Pure: no effects."""

import signal

import msgspec
from msgspec.structs import replace

from mainstay.drivers.machine.instances.probes import Probe
from mainstay.model import Exit, InstanceState, Workload
from mainstay.system.process_runner import End
from mainstay.system.processes import ProcessId

TRIES = 3
FIRST_BACKOFF_S, MAX_BACKOFF_S, BACKOFF_RESET_AFTER_S = 0.1, 30.0, 60.0
BACKOFF_PER_LIFETIME = 0.1
"""The backoff after a steady process ends is at most this fraction of the time that it ran."""
READINESS_FAILURES = 2
BUSY_TIMEOUT_S = 10.0
"""A ready instance that accepts a connection may take this long to respond: one with a single thread may be busy."""
LIVENESS_FAILURES = 3
"""Failed liveness probes in a row, at least, before an instance counts as stuck."""
UNSEEN_END = "exit code unknown, the supervisor was restarted while it ran"
"""Only its parent receives a process's exit code, and the supervisor is not the parent of an adopted process."""
LEFT_FOREGROUND = "ended before it was ready; a service must stay in the foreground"

_NAMES = {one.value: one.name for one in signal.Signals}


class Record(msgspec.Struct, frozen=True):
    """What must survive when the supervisor is killed; persisted in the instance's folder."""

    restarts: int = 0
    early_exits: int = 0
    """How many times in a row the process ended before it was steady."""
    first_started_at: float = 0.0
    steady: bool = False
    """This process has been ready for long enough."""
    failed: bool = False
    done: bool = False
    """A task that exited with code 0. `failed` is set too, so that it is not started again."""
    last_exit: Exit | None = None
    since: str = ""
    """When the state of the instance last changed."""


class Runtime(msgspec.Struct, frozen=True):
    """The present state of one instance. Times are in seconds of CLOCK_BOOTTIME."""

    record: Record = Record()
    process: ProcessId | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    """The earliest time of the next start, after the backoff."""
    backoff_s: float = FIRST_BACKOFF_S
    answers: bool = False
    """Whether it answers, according to its last readiness probes."""
    good_since: float | None = None
    failures: int = 0
    """Failed readiness probes in a row."""
    probe: str = ""
    """Request and response of the last readiness probe, when it failed."""
    live_failures: int = 0
    """Failed liveness probes in a row."""
    live_failing_since: float | None = None
    drain_since: float | None = None
    drained: bool = False
    signalled_at: float | None = None
    force_killed: bool = False
    reason: str = ""
    """Why the supervisor ends the process; empty when it does not."""
    tail: tuple[str, ...] = ()
    listens_elsewhere: str | None = None
    """The addresses where it listens instead of HOST:PORT; empty when there are none, None before the first check."""
    memory_bytes: int | None = None


def after_start(runtime: Runtime, process: ProcessId, now: float) -> Runtime:
    """Return *runtime* with the process that was started at *now*; keep the number of early exits and the backoff."""
    first = runtime.record.first_started_at if runtime.record.early_exits else now
    record = replace(runtime.record, first_started_at=first, steady=False)
    return Runtime(record=record, process=process, started_at=now, backoff_s=runtime.backoff_s)


def probe_timeout(runtime: Runtime, workload: Workload) -> float:
    """Return for how many seconds a readiness probe waits for the response: longer once the instance is steady."""
    return max(workload.health.limit_s, BUSY_TIMEOUT_S) if runtime.record.steady else workload.health.limit_s


def after_probe(runtime: Runtime, workload: Workload, probe: Probe, now: float) -> Runtime:
    """Apply a readiness probe's result.

    A steady instance becomes unready after two failures in a row, or after one probe without a response, which has
    waited for `probe_timeout`.
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
    """Apply a liveness probe's result; a stuck instance gets a reason to be ended.

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
    """Apply the end of the process: plan the next start after the backoff, or give up.

    The supervisor does not restart a completed task, a process whose `restart` forbids it, or a process that ended too
    often before it was steady, unless the revision is *proven*.
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
    """Return whether a process that ended before it was steady is not started again."""
    return end.code == 0 or (early >= TRIES and took_s <= workload.health.within_s)


def _restarts(workload: Workload, end: End) -> bool:
    if workload.restart == "on-failure":
        return end.code != 0
    return workload.restart != "no"


def _name(number: int | None) -> str | None:
    return None if number is None else _NAMES.get(number, f"signal {number}")


def state_of(runtime: Runtime, *, leaving: bool, ready: bool) -> InstanceState:
    """Return the state of the instance, by the table `INSTANCE_STATES`."""
    if leaving:
        return "draining" if runtime.process else "stopped"
    if runtime.record.failed:
        last = runtime.record.last_exit
        return "stopped" if last and last.code == 0 and not last.reason else "failed"
    if ready:
        return "ready"
    return "unready" if runtime.record.steady else "starting"
