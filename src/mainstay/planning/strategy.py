"""How new takes over from old: for each strategy a list of stages; services of one release go in lock-step."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.model import Shares, Stage, Strategy

Counts = dict[int, int]


class Move(msgspec.Struct, frozen=True):
    """A service on its way from one revision to another. `old` None: it is new; `new` None: it goes for good.

    Equal revisions with other counts: only the number changes. A worker has capacity and no traffic.
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


def at_once(move: Move) -> Move:
    """*move* in one switch, without percentages and without settling; `recreate` stays what it is."""
    kind: Literal["recreate", "blue-green"] = "recreate" if move.strategy.kind == "recreate" else "blue-green"
    return replace(move, strategy=Strategy(kind, settle_s=0.0, unwatched_s=move.strategy.unwatched_s))


class Part(msgspec.Struct, frozen=True):
    """What one service does in one stage."""

    replicas: Counts
    traffic: Shares
    back: Shares
    hold_s: float = 0.0


def stages(moves: Sequence[Move], *, at_once: bool = False) -> tuple[Stage, ...]:
    """Return the stages that carry out all *moves*, every service in each of them.

    A service with fewer stages than the longest waits at first: nothing is moved whole before a canary has proven
    itself. With *at_once* (a rollback) it moves in the first stage instead.
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


def before(move: Move) -> Part:
    """What the service is before its first stage."""
    whole = _whole(move.old)
    return Part(_counted({move.old: move.old_count}), whole, whole)


def parts_of(move: Move) -> tuple[Part, ...]:
    """The stages of one service alone, without the state before the first."""
    if move.new is None:
        # It serves until no route leads to it: only what retires it ends its traffic.
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


def _steps(move: Move, percents: Sequence[float], hold_s: float) -> tuple[Part, ...]:
    """The old fleet stays whole; the new one is always large enough for its share."""
    parts = []
    for percent in percents:
        replicas = _counted({move.old: move.old_count, move.new: ceil(move.count * percent / 100)})
        hold = hold_s if percent < 100 else 0.0
        parts.append(Part(replicas, _shares(move.old, move.new, percent), _whole(move.old), hold))
    return tuple(parts)


def _rolling(move: Move) -> tuple[Part, ...]:
    """One by one: what serves is never less than the smaller of both fleets."""
    shares = [_shares(move.old, move.new, 100 * done / move.count) for done in range(move.count + 1)]
    parts = []
    for done, (earlier, now) in enumerate(pairwise(shares), 1):
        left = ceil(move.old_count * (move.count - done + 1) / move.count)
        back = _whole(move.old) if left == move.old_count else earlier
        parts.append(Part(_counted({move.old: left, move.new: done}), now, back))
    return tuple(parts)


def _recreate(move: Move) -> tuple[Part, ...]:
    """Old out, then new in: nobody serves in between; once the new one starts there is nothing to return to at once."""
    return (Part({}, {}, _whole(move.old)), Part(_counted({move.new: move.count}), _whole(move.new), {}))


def _whole(release: int | None) -> Shares:
    return {} if release is None else {release: 100.0}


def _shares(old: int | None, new: int | None, percent: float) -> Shares:
    share = round(percent, 2)
    parts = {old: round(100 - share, 2), new: share}
    return {release: part for release, part in parts.items() if release is not None and part}


def _counted(counts: dict[int | None, int]) -> Counts:
    return {release: count for release, count in counts.items() if release is not None and count}
