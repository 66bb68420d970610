"""The store of a rate limit: how much of its rate each key has spent. Its interface, and a store in memory."""

import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from .gcra import Rate, Verdict, decide

MAX_KEYS = 100_000


def network_of(address: str) -> str:
    """Return the address; for IPv6 its /64, because one client usually controls a whole /64."""
    try:
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


class RateStore(Protocol):
    """What a store must offer: `take` counts a request of *key* against *rate*, and returns whether it is allowed.

    A store outside the process returns an awaitable, and shares the limit among all processes. It must decide and
    write in one atomic step: between two steps, other processes could spend the same request.
    """

    def take(self, key: str, rate: Rate) -> Verdict | Awaitable[Verdict]: ...


class MemoryStore:
    """The store of one process: with N processes a client gets N times the limit.

    Above *max_keys* keys, it removes the expired ones, and then those that expire first, until half of *max_keys* are
    left. So a flood of addresses uses a bounded amount of memory.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._now = now
        self._max_keys = max_keys
        self._spent: dict[str, float] = {}

    def take(self, key: str, rate: Rate) -> Verdict:
        now = self._now()
        verdict, self._spent[key] = decide(self._spent.get(key, 0.0), rate, now)
        if len(self._spent) > self._max_keys:
            self._sweep(now)
        return verdict

    def give_back(self, key: str, rate: Rate) -> None:
        """Undo one `take`, so that its request does not count."""
        if key in self._spent:
            self._spent[key] -= rate.interval

    def _sweep(self, now: float) -> None:
        kept = sorted(((until, key) for key, until in self._spent.items() if until > now), reverse=True)
        self._spent = {key: until for until, key in kept[: self._max_keys // 2]}
