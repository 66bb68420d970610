"""What to do next, from what is to be, what lives and what answers: pure."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from mainstay.drivers.machine.state.desired import Desired, Identity, member_of
from mainstay.drivers.machine.state.lifecycle import Life
from mainstay.model import Spec

DATASTORES_WITHIN_S = 60.0
"""So long a service waits for the datastores at most when both are to start."""


class Start(NamedTuple):
    identity: str


class Stop(NamedTuple):
    """Send the stop signal to its main process; out of traffic already."""

    identity: str


class Kill(NamedTuple):
    """It has ignored the stop signal: SIGKILL to all of it."""

    identity: str


class Forget(NamedTuple):
    """It is gone: end what it left, clear its place, free its port."""

    identity: str


Action = Start | Stop | Kill | Forget


class Decision(NamedTuple):
    lives: dict[str, Life]
    actions: tuple[Action, ...]
    cut: dict[str, int]
    """Per instance whose drain ran out, the connections that were still open."""
    next_at: float
    """When time alone changes the answer."""


def ready(desired: Desired, lives: Mapping[str, Life]) -> frozenset[str]:
    """Instances that may take requests, the draining among them. Where a proven revision has no steady one
    left, the first that answers counts: serving again comes before certainty."""
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
    """Return the instances that have been ready for long enough since they started, and still run, ready or not."""
    return frozenset(name for name, life in lives.items() if life.process and life.past.steady and not life.drained)


def decide(
    desired: Desired,
    lives: Mapping[str, Life],
    connections: Mapping[str, int],
    starting: frozenset[str],
    now: float,
) -> Decision:
    """*connections* counts those of draining slots; *starting* are those whose stub has not written its note."""
    after = {name: lives.get(name, Life()) for name in desired.instances}
    actions: list[Action] = []
    cut: dict[str, int] = {}
    times = [math.inf]
    waits = _waits_for_datastores(desired, after, now)
    in_traffic = ready(desired, after) | accepting(after)
    for name, one in desired.instances.items():
        life, spec = after[name], member_of(desired, one).spec
        if name in starting:
            times.append(now + 0.05)
        elif one.leaving:
            after[name], action, at = _leave(name, one, life, spec, connections.get(name), name in in_traffic, now)
            actions += [action] if action else []
            times.append(at)
            if after[name].drained and not life.drained and connections.get(name):
                cut[name] = connections[name]
        elif life.process is None and not life.past.failed:
            held = waits and not spec.datastore
            if life.start_at <= now and not held:
                actions.append(Start(name))
            times.append(now + 0.1 if held else max(life.start_at, now))
        elif life.good_since is not None and not life.past.steady:
            times.append(life.good_since + spec.steady_s)
    if desired.watched is not None:
        times.append(desired.watched.since_s + desired.watched.unless_renewed.within_s)
    return Decision(after, tuple(actions), cut, min(times))


def _leave(
    name: str, one: Identity, life: Life, spec: Spec, connections: int | None, in_traffic: bool, now: float
) -> tuple[Life, Action | None, float]:
    if life.process is None:
        return life, Forget(name), math.inf
    if not life.drained and one.slot is not None and (in_traffic or life.drain_since is not None):
        if life.drain_since is None:
            return replace(life, drain_since=now), None, now + 0.02
        over = connections == 0 or now - life.drain_since >= spec.drain_s
        if not over:
            return life, None, min(now + 0.1, life.drain_since + spec.drain_s)
    if not life.drained:
        # The slot goes into maintenance in this pass, before the stop signal of the next.
        return replace(life, drained=True), None, now
    if life.signalled_at is None:
        return replace(life, signalled_at=now), Stop(name), now + spec.stop_grace_s
    if now - life.signalled_at < spec.stop_grace_s:
        return life, None, life.signalled_at + spec.stop_grace_s
    reason = f"killed because it ignored {spec.stop_signal} for {spec.stop_grace_s:g} s"
    return replace(life, killed=True, reason=reason), Kill(name), now + 1.0


def _waits_for_datastores(desired: Desired, lives: Mapping[str, Life], now: float) -> bool:
    for name, one in desired.instances.items():
        if member_of(desired, one).spec.datastore and not one.leaving:
            life = lives[name]
            young = now - (life.past.first_began or now) < DATASTORES_WITHIN_S
            if not life.answers and young and not life.past.failed:
                return True
    return False
