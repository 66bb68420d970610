"""Decide the next actions from the desired state, the running processes and their probes. Pure: no effects."""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired, member_of
from mainstay.drivers.machine.state.lifecycle import Runtime
from mainstay.model import Workload

DATASTORES_WITHIN_S = 60.0
"""Maximum seconds for which a service waits for the datastores when both start."""
CHECK_STUB_EVERY_S = 0.05
CHECK_DATASTORES_EVERY_S = 0.1
FIRST_DRAIN_CHECK_AFTER_S = 0.02
CHECK_DRAIN_EVERY_S = 0.1
KILL_AGAIN_AFTER_S = 1.0
"""Seconds between two SIGKILLs to the same instance, as long as it has processes."""


class Action(NamedTuple):
    """An action on one instance.

    start: start its process
    stop: send the stop signal to its main process, once it is drained
    kill: send SIGKILL to all its processes, after the grace period
    forget: end its remaining processes, remove its files and free its port
    """

    verb: Literal["start", "stop", "kill", "forget"]
    name: str


class Decision(NamedTuple):
    """What the supervisor does in one pass. All keys are ids of instances."""

    runtimes: dict[str, Runtime]
    """The new state of every desired instance."""
    actions: tuple[Action, ...]
    cut: dict[str, int]
    """For each instance whose drain timed out in this pass, the number of its requests that were still in flight."""
    next_at: float
    """When to decide again even if no event occurs, in seconds of CLOCK_BOOTTIME; infinity: only after an event."""


def ready(desired: Desired, runtimes: Mapping[str, Runtime]) -> frozenset[str]:
    """Return the ids of the instances that count as ready, including those that are draining.

    A ready instance answers its readiness probes and is steady: it once answered them for `steady_s` seconds in a row.
    A proven revision has had a steady instance before: while no steady one answers, all its answering ones are ready.
    """
    able = {name for name, runtime in runtimes.items() if runtime.process and runtime.answers and not runtime.drained}
    steady = {name for name in able if runtimes[name].record.steady}
    revisions = {name: instance.revision for name, instance in desired.instances.items() if name in able}
    with_steady = {revision for name, revision in revisions.items() if name in steady}
    responding = {
        name for name, revision in revisions.items() if str(revision) in desired.proven and revision not in with_steady
    }
    return frozenset(steady | responding)


def formerly_ready(runtimes: Mapping[str, Runtime]) -> frozenset[str]:
    """Return the ids of the running instances that have become steady, whether or not they answer now.

    HAProxy sends them requests while their service has no ready instance.
    """
    return frozenset(
        name for name, runtime in runtimes.items() if runtime.process and runtime.record.steady and not runtime.drained
    )


def decide(
    desired: Desired,
    runtimes: Mapping[str, Runtime],
    in_flight: Mapping[str, int],
    starting: frozenset[str],
    now: float,
) -> Decision:
    """Return the next actions on the instances, and their new runtimes.

    *in_flight* is the number of requests in flight of each draining instance; for a missing instance it is unknown.
    *starting* are the instances whose process is not known yet, because the stub that starts it has not recorded its
    pid. *now* is in seconds of CLOCK_BOOTTIME.
    """
    after = {name: runtimes.get(name, Runtime()) for name in desired.instances}
    actions: list[Action] = []
    cut: dict[str, int] = {}
    times = [math.inf]
    waits = _waits_for_datastores(desired, after, now)
    in_traffic = ready(desired, after) | formerly_ready(after)
    for name, instance in desired.instances.items():
        runtime, workload = after[name], member_of(desired, instance).workload
        if name in starting:
            times.append(now + CHECK_STUB_EVERY_S)
        elif instance.leaving:
            drains = instance.slot is not None and (name in in_traffic or runtime.drain_since is not None)
            left = in_flight.get(name)
            after[name], action, at = _leave(_Leaving(name, runtime, workload, drains, left), now)
            actions += [action] if action else []
            times.append(at)
            if after[name].drained and not runtime.drained and left:
                cut[name] = left
        elif runtime.process is None and not runtime.record.failed:
            held = waits and not workload.datastore
            if runtime.start_at <= now and not held:
                actions.append(Action("start", name))
            times.append(now + CHECK_DATASTORES_EVERY_S if held else max(runtime.start_at, now))
        elif runtime.good_since is not None and not runtime.record.steady:
            times.append(runtime.good_since + workload.steady_s)
    if desired.lease is not None:
        times.append(desired.lease.since_s + desired.lease.lease.within_s)
    return Decision(after, tuple(actions), cut, min(times))


def cancelled_drains(before: Mapping[str, Runtime], after: Mapping[str, Runtime]) -> dict[str, Runtime]:
    """Return the runtimes of the instances whose drain began between *before* and *after*, with that drain cancelled.

    Called when HAProxy could not be updated, because it still sends requests to these instances.
    """
    return {
        name: replace(runtime, drain_since=None, drained=before[name].drained)
        for name, runtime in after.items()
        if name in before and runtime.drain_since and not before[name].drain_since
    }


class _Leaving(NamedTuple):
    """An instance that must end."""

    name: str
    runtime: Runtime
    workload: Workload
    drains: bool
    """Whether the instance may still have requests, so that it is drained first."""
    in_flight: int | None
    """The number of its requests in flight; None: unknown."""


_Next = tuple[Runtime, Action | None, float]
"""The new runtime of a leaving instance, the action on it, and when to decide again, in seconds of CLOCK_BOOTTIME."""


def _leave(one: _Leaving, now: float) -> _Next:
    if one.runtime.process is None:
        return one.runtime, Action("forget", one.name), math.inf
    return _end(one, now) if one.runtime.drained else _drain(one, now)


def _drain(one: _Leaving, now: float) -> _Next:
    runtime, began = one.runtime, one.runtime.drain_since
    if one.drains and began is None:
        return replace(runtime, drain_since=now), None, now + FIRST_DRAIN_CHECK_AFTER_S
    if one.drains and began is not None and one.in_flight != 0 and now < began + one.workload.drain_s:
        return runtime, None, min(now + CHECK_DRAIN_EVERY_S, began + one.workload.drain_s)
    # This pass puts the slot into maintenance; the next one sends the stop signal.
    return replace(runtime, drained=True), None, now


def _end(one: _Leaving, now: float) -> _Next:
    runtime, signalled, grace_s = one.runtime, one.runtime.signalled_at, one.workload.stop_grace_s
    if signalled is None:
        return replace(runtime, signalled_at=now), Action("stop", one.name), now + grace_s
    if now - signalled < grace_s:
        return runtime, None, signalled + grace_s
    reason = f"killed because it ignored {one.workload.stop_signal} for {grace_s:g} s"
    return replace(runtime, force_killed=True, reason=reason), Action("kill", one.name), now + KILL_AGAIN_AFTER_S


def _waits_for_datastores(desired: Desired, runtimes: Mapping[str, Runtime], now: float) -> bool:
    for name, instance in desired.instances.items():
        if member_of(desired, instance).workload.datastore and not instance.leaving:
            runtime = runtimes[name]
            young = now - (runtime.record.first_started_at or now) < DATASTORES_WITHIN_S
            if not runtime.answers and young and not runtime.record.failed:
                return True
    return False
