"""Failed log-ins: how often a password may be wrong, for an account, from an address, and in all."""

import hashlib
import hmac
import inspect
import ipaddress
from collections.abc import Awaitable
from math import ceil
from typing import NamedTuple, Protocol, TypeVar

from mainstay_kit.problems import Problem
from mainstay_kit.variables.secret import Secret, revealed

from .gcra import Rate, Verdict
from .rate_store import MemoryStore

QUARTER = 15 * 60.0
T = TypeVar("T")


class LoginRates(NamedTuple):
    """One address at one account is stopped first, so that a stranger can hardly lock the owner out."""

    pair: Rate = Rate(10, QUARTER)
    account: Rate = Rate(50, QUARTER)
    address: Rate = Rate(100, QUARTER)
    total: Rate = Rate(1000, 60)


class LoginStore(Protocol):
    """A `RateStore` that can also give back what it took. Both may answer with an awaitable."""

    def take(self, key: str, rate: Rate) -> Verdict | Awaitable[Verdict]: ...

    def give_back(self, key: str, rate: Rate) -> Awaitable[None] | None: ...


class FailedLogins:
    """An attempt is counted before the password is looked at, and given back when it was right.

    So a thousand attempts at once are a thousand, and not one that was seen a thousand times; and only failures count
    in the end, so that nobody behind the same address is locked out by others who log in. With a *secret*, marks of
    accounts and addresses that a store keeps cannot be guessed by whoever reads it.
    """

    def __init__(
        self,
        *,
        rates: LoginRates = LoginRates(),  # noqa: B008 a tuple of values that nobody can change
        store: LoginStore | None = None,
        secret: Secret | str = "",
    ) -> None:
        self._rates = rates
        self._store: LoginStore = store or MemoryStore()
        self._key = revealed(secret).encode()

    async def attempt(self, account: str, address: str) -> "Attempt":
        """Count an attempt. Call before the password is looked at: what is refused here (429) costs no hashing."""
        attempt = Attempt(self._store)
        for key, rate in self._counts(account, address):
            verdict = await _settled(self._store.take(key, rate))
            if not verdict.allowed:
                await attempt.give_back()  # a refused attempt counts nothing
                seconds = max(1, ceil(verdict.retry_after))
                again = (b"retry-after", b"%d" % seconds)
                raise Problem(429, f"too many failed log-ins; try again in {seconds} s", headers=(again,))
            attempt.taken.append((key, rate))
        return attempt

    def mark(self, account: str) -> str:
        """What an account is called in the store, and in logs. Letter case and outer blanks do not count."""
        return self._mark("account", account.strip().casefold())

    def _counts(self, account: str, address: str) -> list[tuple[str, Rate]]:
        who, place, rates = self.mark(account), self._mark("address", _place(address)), self._rates
        return [
            (f"login pair {who} {place}", rates.pair),
            (f"login account {who}", rates.account),
            (f"login address {place}", rates.address),
            ("login total", rates.total),
        ]

    def _mark(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind} {text}".encode(), hashlib.sha256).hexdigest()[:32]


class Attempt:
    """A log-in that was counted as failed until it is given back."""

    def __init__(self, store: LoginStore) -> None:
        self._store = store
        self.taken: list[tuple[str, Rate]] = []

    async def give_back(self) -> None:
        """It was right, or the password was not looked at."""
        while self.taken:
            await _settled(self._store.give_back(*self.taken.pop()))


def _place(address: str) -> str:
    """Whoever has one IPv6 address of a /64 has them all."""
    try:
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


async def _settled(outcome: T | Awaitable[T]) -> T:
    return await outcome if inspect.isawaitable(outcome) else outcome
