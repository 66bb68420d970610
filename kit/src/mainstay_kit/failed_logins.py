"""Failed logins: how often a password may be wrong, for an account from one address."""

import hashlib
from collections.abc import Callable

from .gcra import Rate
from .problems import Problem
from .rate_store import MemoryStore

TEN_A_MINUTE = Rate(10, 60)
HUNDRED_A_MINUTE = Rate(100, 60)


class FailedLogins:
    """Only failures count, so that nobody behind the same address is locked out by logging in.

    Counted by account *and* address: by account alone anyone could lock anyone out, by address alone one
    address could try one password on every account, so the address has a wider rate of its own.
    """

    def __init__(
        self,
        *,
        rate: Rate = TEN_A_MINUTE,
        address_rate: Rate = HUNDRED_A_MINUTE,
        store: MemoryStore | None = None,
        counted: Callable[[], object] | None = None,
    ) -> None:
        self._rate = rate
        self._address_rate = address_rate
        self._store = store or MemoryStore()
        self._counted = counted

    def refuse_if_too_many(self, account: str, address: str) -> None:
        """Call before the password is looked at: what is refused here costs no hashing."""
        for key, rate in self._keys(account, address):
            verdict = self._store.peek(key, rate)
            if not verdict.allowed:
                seconds = max(1, int(verdict.retry_after + 1))
                raise Problem(429, "too many failed logins", headers=((b"retry-after", b"%d" % seconds),))

    def failed(self, account: str, address: str) -> None:
        """Call when the password was wrong or the account unknown, which must look alike."""
        if self._counted is not None:
            self._counted()
        for key, rate in self._keys(account, address):
            self._store.take(key, rate)

    def _keys(self, account: str, address: str) -> tuple[tuple[str, Rate], tuple[str, Rate]]:
        name = hashlib.sha256(account.strip().casefold().encode()).hexdigest()
        return (f"login {name} {address}", self._rate), (f"login {address}", self._address_rate)
