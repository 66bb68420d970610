"""How a new revision replaces the old one: the stages of each strategy. Services of one release move in lock-step."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.model import Shares, Stage, Strategy

Counts = dict[int, int]


class ServiceChange(msgspec.Struct, frozen=True):
    """The change of one service from revision `old` (None: it is added) to revision `new` (None: it is removed).

    If both are equal, only the number of replicas changes. A worker has replicas and no traffic.
    """

    service: str
    old: int | None
    old_count: int
    new: int | None
    count: int
    strategy: Strategy = Strategy()
    worker: bool = False
    overlap: bool = False
    """Workers only: the old fleet stays until the new one has settled."""


def at_once(move: ServiceChange) -> ServiceChange:
    """Return *move* as one switch, without percentages and settling; `recreate` stays `recreate`."""
    kind: Literal["recreate", "blue-green"] = "recreate" if move.strategy.kind == "recreate" else "blue-green"
    return replace(move, strategy=Strategy(kind, settle_s=0.0, revert_after_s=move.strategy.revert_after_s))


class Part(msgspec.Struct, frozen=True):
    """The replicas and traffic of one service in one stage, and the traffic to which the stage reverts."""

    replicas: Counts
    traffic: Shares
    back: Shares
    hold_s: float = 0.0


def stages(moves: Sequence[ServiceChange], *, at_once: bool = False) -> tuple[Stage, ...]:
    """Return the stages of all *moves*; every stage includes every service.

    A service with fewer stages than the longest waits at first: no service moves completely before a canary has
    passed. With *at_once* (a rollback) it moves in the first stage instead.
    """
    parts = {move.service: parts_of(move) for move in moves}
    longest = max((len(each) for each in parts.values()), default=0)
    aligned = {}
    for move in moves:
        own = parts[move.service]
        left = longest - len(own)
        aligned[move.service] = own + own[-1:] * left if at_once else (before(move),) * left + own
    return tuple(
        Stage(
            replicas={service: each[number].replicas for service, each in aligned.items()},
            traffic={move.service: aligned[move.service][number].traffic for move in moves if not move.worker},
            back={move.service: aligned[move.service][number].back for move in moves if not move.worker},
            hold_s=max(each[number].hold_s for each in aligned.values()),
        )
        for number in range(longest)
    )


def before(move: ServiceChange) -> Part:
    """Return the state of the service before its first stage."""
    whole = _whole(move.old)
    return Part(_counted({move.old: move.old_count}), whole, whole)


def parts_of(move: ServiceChange) -> tuple[Part, ...]:
    """Return the stages of one service alone, without the state before the first."""
    if move.new is None:
        # A removed service keeps its traffic until no route leads to it; the retire step ends its traffic.
        return (before(move),)
    if move.worker and move.overlap and move.old != move.new:
        return (Part(_counted({move.old: move.old_count, move.new: move.count}), {}, {}),)
    if move.old == move.new or move.old is None or move.worker:
        return (Part(_counted({move.new: move.count}), _whole(move.new), _whole(move.old)),)
    match move.strategy.kind:
        case "blue-green":
            return _steps(move, (100.0,), 0.0)
        case "canary":
            return _steps(move, (*(p for p in move.strategy.percent if p < 100), 100.0), move.strategy.hold_s)
        case "rolling":
            return _rolling(move)
        case "recreate":
            return _recreate(move)


def _steps(move: ServiceChange, percents: Sequence[float], hold_s: float) -> tuple[Part, ...]:
    """Return a part per percentage: the old fleet stays complete, the new one is large enough for its share."""
    parts = []
    for percent in percents:
        replicas = _counted({move.old: move.old_count, move.new: ceil(move.count * percent / 100)})
        hold = hold_s if percent < 100 else 0.0
        parts.append(Part(replicas, _shares(move.old, move.new, percent), _whole(move.old), hold))
    return tuple(parts)


def _rolling(move: ServiceChange) -> tuple[Part, ...]:
    """Return a part per new replica; capacity never falls below that of the smaller fleet."""
    shares = [_shares(move.old, move.new, 100 * done / move.count) for done in range(move.count + 1)]
    parts = []
    for done, (earlier, now) in enumerate(pairwise(shares), 1):
        left = ceil(move.old_count * (move.count - done + 1) / move.count)
        back = _whole(move.old) if left == move.old_count else earlier
        parts.append(Part(_counted({move.old: left, move.new: done}), now, back))
    return tuple(parts)


def _recreate(move: ServiceChange) -> tuple[Part, ...]:
    """Return two parts: stop the old fleet, then start the new one. No instance serves in between.

    From the start of the new fleet on there is no old one to which traffic could be reverted at once.
    """
    return (Part({}, {}, _whole(move.old)), Part(_counted({move.new: move.count}), _whole(move.new), {}))


def _whole(release: int | None) -> Shares:
    return {} if release is None else {release: 100.0}


def _shares(old: int | None, new: int | None, percent: float) -> Shares:
    share = round(percent, 2)
    parts = {old: round(100 - share, 2), new: share}
    return {release: part for release, part in parts.items() if release is not None and part}


def _counted(counts: dict[int | None, int]) -> Counts:
    return {release: count for release, count in counts.items() if release is not None and count}
