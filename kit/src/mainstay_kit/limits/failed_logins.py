"""Failed logins: how often a password may be wrong, per account, per address and in total."""

import hashlib
import hmac
import inspect
from collections.abc import Awaitable
from math import ceil
from typing import NamedTuple, Protocol, TypeVar

from mainstay_kit.problems import Problem
from mainstay_kit.variables.secret import Secret, revealed

from .gcra import Rate, Verdict
from .rate_store import MemoryStore, network_of

QUARTER_HOUR = 15 * 60.0
T = TypeVar("T")


class LoginRates(NamedTuple):
    """Allowed rates of failures. Lowest for a pair of address and account: attackers can hardly lock out the owner."""

    pair: Rate = Rate(10, QUARTER_HOUR)
    account: Rate = Rate(50, QUARTER_HOUR)
    address: Rate = Rate(100, QUARTER_HOUR)
    total: Rate = Rate(1000, 60)


class LoginStore(Protocol):
    """A `RateStore` that can also give back an attempt. Both methods may return an awaitable."""

    def take(self, key: str, rate: Rate) -> Verdict | Awaitable[Verdict]: ...

    def give_back(self, key: str, rate: Rate) -> Awaitable[None] | None: ...


class FailedLogins:
    """Counts each attempt before the password is verified, and gives it back if the password was right.

    So concurrent attempts cannot exceed a rate before the first of them has failed. Successful logins do not count in
    the end, so that they do not lock out other people behind the same address. The store contains pseudonyms; with a
    *secret*, a reader of the store cannot guess the accounts and addresses behind them.
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
        """Count an attempt; call it before the password is verified. Raises Problem 429 above one of the rates."""
        attempt = Attempt(self._store)
        for key, rate in self._rates_by_key(account, address):
            verdict = await _resolve(self._store.take(key, rate))
            if not verdict.allowed:
                await attempt.give_back()  # a refused attempt is not counted
                seconds = max(1, ceil(verdict.retry_after))
                retry_after = (b"retry-after", b"%d" % seconds)
                raise Problem(429, f"too many failed log-ins; try again in {seconds} s", headers=(retry_after,))
            attempt.taken.append((key, rate))
        return attempt

    def pseudonym(self, account: str) -> str:
        """Return the account's pseudonym for the store and for logs. Letter case and surrounding blanks are ignored."""
        return self._pseudonym("account", account.strip().casefold())

    def _rates_by_key(self, account: str, address: str) -> list[tuple[str, Rate]]:
        account, network, rates = self.pseudonym(account), self._pseudonym("address", network_of(address)), self._rates
        return [
            (f"login pair {account} {network}", rates.pair),
            (f"login account {account}", rates.account),
            (f"login address {network}", rates.address),
            ("login total", rates.total),
        ]

    def _pseudonym(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind} {text}".encode(), hashlib.sha256).hexdigest()[:32]


class Attempt:
    """A login attempt that counts as failed until it is given back."""

    def __init__(self, store: LoginStore) -> None:
        self._store = store
        self.taken: list[tuple[str, Rate]] = []

    async def give_back(self) -> None:
        """Stop counting the attempt: the password was right or was not verified."""
        while self.taken:
            await _resolve(self._store.give_back(*self.taken.pop()))


async def _resolve(outcome: T | Awaitable[T]) -> T:
    return await outcome if inspect.isawaitable(outcome) else outcome
