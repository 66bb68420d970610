"""The stages in which a new revision replaces the old one, for each strategy."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import msgspec

from mainstay.model import Shares, Stage
from mainstay.planning.rollout import ServiceChange

Replicas = dict[int, int]


class ServiceStage(msgspec.Struct, frozen=True):
    """The replicas and traffic of one service in one stage, and the traffic to which an undo reverts it."""

    replicas: Replicas
    traffic: Shares
    revert_to: Shares
    hold_s: float = 0.0
    """Seconds for which the stage is observed."""


def stages(changes: Sequence[ServiceChange], *, early: bool = False) -> tuple[Stage, ...]:
    """Return the stages of all *changes*; every stage includes every service.

    A service with fewer stages than others changes in the last ones, so that no service moves completely before the
    canaries of others have passed. With *early* (a rollback to an older release) it changes in the first ones.
    """
    own = {change.service: service_stages(change) for change in changes}
    longest = max((len(each) for each in own.values()), default=0)
    aligned = {change.service: _aligned(change, own[change.service], longest, early=early) for change in changes}
    return tuple(_stage(changes, {name: each[number] for name, each in aligned.items()}) for number in range(longest))


def _aligned(
    change: ServiceChange, own: tuple[ServiceStage, ...], length: int, *, early: bool
) -> tuple[ServiceStage, ...]:
    missing = length - len(own)
    return own + own[-1:] * missing if early else (before_stages(change),) * missing + own


def _stage(changes: Sequence[ServiceChange], parts: dict[str, ServiceStage]) -> Stage:
    serving = [change.service for change in changes if not change.worker]
    return Stage(
        replicas={name: part.replicas for name, part in parts.items()},
        traffic={name: parts[name].traffic for name in serving},
        revert_to={name: parts[name].revert_to for name in serving},
        hold_s=max(part.hold_s for part in parts.values()),
    )


def before_stages(change: ServiceChange) -> ServiceStage:
    """Return the state of the service before its first stage."""
    traffic = all_traffic(change.old)
    return ServiceStage(_without_zero({change.old: change.old_count}), traffic, traffic)


def service_stages(change: ServiceChange) -> tuple[ServiceStage, ...]:
    """Return the stages of one service."""
    if change.new is None:
        # A removed service keeps running until nothing leads to it; the retire step ends its traffic.
        return (before_stages(change),)
    if change.worker and change.overlap and change.old != change.new:
        return (ServiceStage(_without_zero({change.old: change.old_count, change.new: change.count}), {}, {}),)
    if change.old == change.new or change.old is None or change.worker:
        replicas = _without_zero({change.new: change.count})
        return (ServiceStage(replicas, all_traffic(change.new), all_traffic(change.old)),)
    match change.strategy.kind:
        case "blue-green":
            return _by_percentage(change, (100.0,), 0.0)
        case "canary":
            percents = (*(percent for percent in change.strategy.percent if percent < 100), 100.0)
            return _by_percentage(change, percents, change.strategy.hold_s)
        case "rolling":
            return _rolling(change)
        case "recreate":
            # Once the new fleet starts, there is no old one to which traffic could be reverted at once.
            stopped = ServiceStage({}, {}, all_traffic(change.old))
            return stopped, ServiceStage(_without_zero({change.new: change.count}), all_traffic(change.new), {})


def _by_percentage(change: ServiceChange, percents: Sequence[float], hold_s: float) -> tuple[ServiceStage, ...]:
    """Return a stage per percentage. The old fleet stays complete; the new one has replicas for its share."""
    return tuple(
        ServiceStage(
            _without_zero({change.old: change.old_count, change.new: ceil(change.count * percent / 100)}),
            _shares(change.old, change.new, percent),
            all_traffic(change.old),
            hold_s if percent < 100 else 0.0,
        )
        for percent in percents
    )


def _rolling(change: ServiceChange) -> tuple[ServiceStage, ...]:
    """Return a stage per new replica. There are never fewer replicas than in the smaller of both fleets."""
    shares = [_shares(change.old, change.new, 100 * done / change.count) for done in range(change.count + 1)]
    found = []
    for done, (earlier, now) in enumerate(pairwise(shares), 1):
        left = ceil(change.old_count * (change.count - done + 1) / change.count)
        revert_to = all_traffic(change.old) if left == change.old_count else earlier
        found.append(ServiceStage(_without_zero({change.old: left, change.new: done}), now, revert_to))
    return tuple(found)


def all_traffic(revision: int | None) -> Shares:
    """Return 100 percent for *revision*; no shares if it is None."""
    return {} if revision is None else {revision: 100.0}


def _shares(old: int | None, new: int | None, percent: float) -> Shares:
    share = round(percent, 2)
    shares = {old: round(100 - share, 2), new: share}
    return {revision: part for revision, part in shares.items() if revision is not None and part}


def _without_zero(replicas: dict[int | None, int]) -> Replicas:
    return {revision: count for revision, count in replicas.items() if revision is not None and count}
