"""Decide the next actions from the desired state, the running processes and their probes. Pure: no effects."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired, Identity, member_of
from mainstay.drivers.machine.state.lifecycle import Life
from mainstay.model import Workload

DATASTORES_WITHIN_S = 60.0
"""Maximum seconds for which a service waits for the datastores when both start."""


class Start(NamedTuple):
    identity: str


class Stop(NamedTuple):
    """Send the stop signal to the main process; the instance is already out of traffic."""

    identity: str


class Kill(NamedTuple):
    """Send SIGKILL to every process of the instance, because it has ignored the stop signal."""

    identity: str


class Forget(NamedTuple):
    """End the processes that the exited instance left, remove its files and free its port."""

    identity: str


Action = Start | Stop | Kill | Forget


class Decision(NamedTuple):
    lives: dict[str, Life]
    actions: tuple[Action, ...]
    cut: dict[str, int]
    """For each instance whose drain timed out, the number of connections that were still open."""
    next_at: float
    """When the passing of time alone changes the decision, in seconds of CLOCK_BOOTTIME."""


def ready(desired: Desired, lives: Mapping[str, Life]) -> frozenset[str]:
    """Return the instances that may receive requests, including draining ones.

    When a proven revision has no steady instance left, its instances count as soon as they answer: serving again is
    more important than certainty.
    """
    able = {name for name, life in lives.items() if life.process and life.answers and not life.drained}
    steady = {name for name in able if lives[name].past.steady}
    served = {(one.service, one.release) for name, one in desired.instances.items() if name in steady}
    soon = {
        name
        for name in able & desired.instances.keys()
        for one in (desired.instances[name],)
        if f"{one.service}@{one.release}" in desired.proven and (one.service, one.release) not in served
    }
    return frozenset(steady | soon)


def accepting(lives: Mapping[str, Life]) -> frozenset[str]:
    """Return the running instances that have been ready for long enough since they started, even if not ready now."""
    return frozenset(name for name, life in lives.items() if life.process and life.past.steady and not life.drained)


def decide(
    desired: Desired,
    lives: Mapping[str, Life],
    connections: Mapping[str, int],
    starting: frozenset[str],
    now: float,
) -> Decision:
    """Return the actions that bring the instances closer to the desired state, with their changed lives.

    *connections* counts the connections of draining slots; *starting* are the instances whose stub has not written its
    note. *now* is in seconds of CLOCK_BOOTTIME.
    """
    after = {name: lives.get(name, Life()) for name in desired.instances}
    actions: list[Action] = []
    cut: dict[str, int] = {}
    times = [math.inf]
    waits = _waits_for_datastores(desired, after, now)
    in_traffic = ready(desired, after) | accepting(after)
    for name, one in desired.instances.items():
        life, workload = after[name], member_of(desired, one).workload
        if name in starting:
            times.append(now + 0.05)
        elif one.leaving:
            after[name], action, at = _leave(name, one, life, workload, connections.get(name), name in in_traffic, now)
            actions += [action] if action else []
            times.append(at)
            if after[name].drained and not life.drained and connections.get(name):
                cut[name] = connections[name]
        elif life.process is None and not life.past.failed:
            held = waits and not workload.datastore
            if life.start_at <= now and not held:
                actions.append(Start(name))
            times.append(now + 0.1 if held else max(life.start_at, now))
        elif life.good_since is not None and not life.past.steady:
            times.append(life.good_since + workload.steady_s)
    if desired.lease is not None:
        times.append(desired.lease.since_s + desired.lease.lease.within_s)
    return Decision(after, tuple(actions), cut, min(times))


def _leave(
    name: str, one: Identity, life: Life, workload: Workload, connections: int | None, in_traffic: bool, now: float
) -> tuple[Life, Action | None, float]:
    if life.process is None:
        return life, Forget(name), math.inf
    if not life.drained and one.slot is not None and (in_traffic or life.drain_since is not None):
        if life.drain_since is None:
            return replace(life, drain_since=now), None, now + 0.02
        over = connections == 0 or now - life.drain_since >= workload.drain_s
        if not over:
            return life, None, min(now + 0.1, life.drain_since + workload.drain_s)
    if not life.drained:
        # This pass puts the slot into maintenance; the next one sends the stop signal.
        return replace(life, drained=True), None, now
    if life.signalled_at is None:
        return replace(life, signalled_at=now), Stop(name), now + workload.stop_grace_s
    if now - life.signalled_at < workload.stop_grace_s:
        return life, None, life.signalled_at + workload.stop_grace_s
    reason = f"killed because it ignored {workload.stop_signal} for {workload.stop_grace_s:g} s"
    return replace(life, killed=True, reason=reason), Kill(name), now + 1.0


def _waits_for_datastores(desired: Desired, lives: Mapping[str, Life], now: float) -> bool:
    for name, one in desired.instances.items():
        if member_of(desired, one).workload.datastore and not one.leaving:
            life = lives[name]
            young = now - (life.past.first_began or now) < DATASTORES_WITHIN_S
            if not life.answers and young and not life.past.failed:
                return True
    return False
