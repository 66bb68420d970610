"""The life of an instance: what is known of it now, and what each thing that happens makes of that; pure."""

import signal
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.machine import Started
from mainstay.release import Exit, Spec
from mainstay.supervisor.probes import Probe
from mainstay.supervisor.runners.process import End

TRIES = 3
FIRST_BACKOFF_S, LONGEST_BACKOFF_S, WELL_AFTER_S = 0.1, 30.0, 60.0
MOST_OF_LIFE = 0.1
"""The backoff after a process that became ready is at most this fraction of the time that it ran."""
BAD_IN_A_ROW = 2
PATIENCE_S = 10.0
"""A ready instance that accepts a connection may take this long to respond: one with a single thread may be busy."""
SILENT_IN_A_ROW = 3
UNSEEN_END = "exit code unknown, the supervisor was restarted while it ran"
"""Only a parent receives the exit code of a process: an adopted process has another."""

_NAMES = {one.value: one.name for one in signal.Signals}

State = Literal["starting", "ready", "unready", "draining", "stopped", "failed"]


class Past(msgspec.Struct, frozen=True):
    """What must be known of an instance after the supervisor was killed; kept in its folder."""

    restarts: int = 0
    early_ends: int = 0
    """How often in a row it ended before it was steady."""
    first_began: float = 0.0
    steady: bool = False
    """This process has been ready for long enough."""
    failed: bool = False
    done: bool = False
    """A task that exited with code 0. `failed` is set too, so that it is not started again."""
    last_exit: Exit | None = None
    since: str = ""
    """When its state changed last."""


class Life(msgspec.Struct, frozen=True):
    """One instance now. Times are seconds of CLOCK_BOOTTIME."""

    past: Past = Past()
    process: Started | None = None
    began: float = 0.0
    start_at: float = 0.0
    """Not started before; the backoff."""
    backoff_s: float = FIRST_BACKOFF_S
    answers: bool = False
    """By its last probes."""
    good_since: float | None = None
    bad: int = 0
    """Failed readiness probes in a row."""
    probe: str = ""
    """Request and response of the last readiness probe, where it failed."""
    silent: int = 0
    """How often in a row it was asked whether it is stuck and did not say no."""
    silent_since: float | None = None
    drain_since: float | None = None
    drained: bool = False
    signalled_at: float | None = None
    killed: bool = False
    reason: str = ""
    """Why it is about to end, where we end it."""
    tail: tuple[str, ...] = ()
    listens_elsewhere: str | None = None
    """Where it listens although it was told another address; None: not known yet."""
    memory_bytes: int | None = None


def after_start(life: Life, process: Started, now: float) -> Life:
    """A process was started for it."""
    first = life.past.first_began if life.past.early_ends else now
    past = replace(life.past, first_began=first, steady=False)
    return Life(past=past, process=process, began=now, backoff_s=life.backoff_s)


def patience(life: Life, spec: Spec) -> float:
    """Return how many seconds a readiness probe waits for the response."""
    return max(spec.health.limit_s, PATIENCE_S) if life.past.steady else spec.health.limit_s


def after_probe(life: Life, spec: Spec, probe: Probe, now: float) -> Life:
    """Apply a readiness probe's result.

    A steady instance becomes unready after two failures in a row, or after one probe without a response, which has
    waited for `patience`.
    """
    if probe.good:
        since = now if life.good_since is None else life.good_since
        life = replace(life, answers=True, good_since=since, bad=0, probe="")
        if life.past.steady or now - since < spec.steady_s:
            return life
        return replace(life, past=replace(life.past, steady=True, early_ends=0), listens_elsewhere=None)
    bad = life.bad + (BAD_IN_A_ROW if probe.result == "silent" else 1)
    life = replace(life, probe=probe.exchange)
    if life.past.steady:
        return replace(life, bad=bad, answers=life.answers and bad < BAD_IN_A_ROW)
    return replace(life, bad=bad, answers=False, good_since=None)


def after_live(life: Life, spec: Spec, good: bool, now: float) -> Life:
    """Whoever leaves is not asked any more: it may take its time to finish what it has begun."""
    if good or life.drain_since is not None or life.drained:
        return replace(life, silent=0, silent_since=None)
    since = now if life.silent_since is None else life.silent_since
    life = replace(life, silent=life.silent + 1, silent_since=since)
    return replace(life, reason=f"stuck, {spec.health.live} was not answered") if is_stuck(life, spec, now) else life


def is_stuck(life: Life, spec: Spec, now: float) -> bool:
    """Whether it is ended and started again: a slow answer is none, nor is a moment in which nothing answers."""
    since = now if life.silent_since is None else life.silent_since
    return life.silent >= SILENT_IN_A_ROW and now - since >= spec.health.stuck_after_s


def after_end(life: Life, spec: Spec, end: End, *, proven: bool, now: float, at: str) -> Life:
    """Apply the end of the process: start it again after the backoff, unless it is done or never became ready."""
    past = life.past
    done = spec.is_task and end.code == 0 and life.signalled_at is None and not life.reason
    early = 0 if past.steady or done else past.early_ends + 1
    reason = life.reason or ("" if done else _reason(end, steady=past.steady))
    failed = not proven and not past.steady and _hopeless(end, spec, early, now - past.first_began)
    failed = failed or not _comes_back(spec, end)
    backoff = FIRST_BACKOFF_S if now - life.began >= WELL_AFTER_S else life.backoff_s
    wait = min(backoff, max(FIRST_BACKOFF_S, (now - life.began) * MOST_OF_LIFE)) if past.steady else backoff
    return Life(
        past=replace(
            past,
            restarts=past.restarts + (not failed),
            early_ends=early,
            steady=False,
            failed=failed,
            done=done,
            last_exit=Exit(at, end.code, _name(end.signal), reason),
            since=at,
        ),
        start_at=now + wait,
        backoff_s=min(backoff * 2, LONGEST_BACKOFF_S),
        drain_since=life.drain_since,
        drained=life.drained,
        signalled_at=life.signalled_at,
    )


def _reason(end: End, *, steady: bool) -> str:
    if end == End():
        return UNSEEN_END
    return "left the foreground" if end.code == 0 and not steady else ""


def _hopeless(end: End, spec: Spec, early: int, took_s: float) -> bool:
    return end.code == 0 or (early >= TRIES and took_s <= spec.health.within_s)


def _comes_back(spec: Spec, end: End) -> bool:
    if spec.restart == "on-failure":
        return end.code != 0
    return spec.restart != "no"


def _name(number: int | None) -> str | None:
    return None if number is None else _NAMES.get(number, f"signal {number}")


def state_of(life: Life, *, leaving: bool, ready: bool) -> State:
    """The word people read."""
    if leaving:
        return "draining" if life.process else "stopped"
    if life.past.failed:
        last = life.past.last_exit
        return "stopped" if last and last.code == 0 and not last.reason else "failed"
    if ready:
        return "ready"
    return "unready" if life.past.steady else "starting"
