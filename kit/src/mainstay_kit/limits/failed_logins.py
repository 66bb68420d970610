"""Failed logins: how often a password may be wrong, per account, per address and in total."""

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
    """Allowed failures; lowest per pair of address and account, so that a stranger can hardly lock the owner out."""

    pair: Rate = Rate(10, QUARTER)
    account: Rate = Rate(50, QUARTER)
    address: Rate = Rate(100, QUARTER)
    total: Rate = Rate(1000, 60)


class LoginStore(Protocol):
    """A `RateStore` that can also give back an attempt. Both methods may return an awaitable."""

    def take(self, key: str, rate: Rate) -> Verdict | Awaitable[Verdict]: ...

    def give_back(self, key: str, rate: Rate) -> Awaitable[None] | None: ...


class FailedLogins:
    """Counts each attempt before the password is verified, and gives it back if the password was right.

    So a thousand concurrent attempts count as a thousand; and only failures count in the end, so that successful logins
    do not lock out others behind the same address. With a *secret*, a reader of the store cannot guess the accounts and
    addresses behind the marks that it keeps.
    """

    def __init__(
        self,
        *,
        rates: LoginRates = LoginRates(),  # noqa: B008 an immutable tuple of immutable values
        store: LoginStore | None = None,
        secret: Secret | str = "",
    ) -> None:
        self._rates = rates
        self._store: LoginStore = store or MemoryStore()
        self._key = revealed(secret).encode()

    async def attempt(self, account: str, address: str) -> "Attempt":
        """Count an attempt. Raises Problem (429) above a rate; call before verifying: a refusal then costs no hash."""
        attempt = Attempt(self._store)
        for key, rate in self._counts(account, address):
            verdict = await _settled(self._store.take(key, rate))
            if not verdict.allowed:
                await attempt.give_back()  # a refused attempt is not counted
                seconds = max(1, ceil(verdict.retry_after))
                again = (b"retry-after", b"%d" % seconds)
                raise Problem(429, f"too many failed log-ins; try again in {seconds} s", headers=(again,))
            attempt.taken.append((key, rate))
        return attempt

    def mark(self, account: str) -> str:
        """Return the account's pseudonym for the store and for logs. Letter case and surrounding blanks are ignored."""
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
    """A login attempt that counts as failed until it is given back."""

    def __init__(self, store: LoginStore) -> None:
        self._store = store
        self.taken: list[tuple[str, Rate]] = []

    async def give_back(self) -> None:
        """Stop counting the attempt: the password was right or was not verified."""
        while self.taken:
            await _settled(self._store.give_back(*self.taken.pop()))


def _place(address: str) -> str:
    """Return the address; for IPv6 its /64, because one client usually controls a whole /64."""
    try:
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


async def _settled(outcome: T | Awaitable[T]) -> T:
    return await outcome if inspect.isawaitable(outcome) else outcome
