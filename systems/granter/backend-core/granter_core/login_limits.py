"""Login limits: how often log-ins may fail, counted in the database for all replicas and releases together."""

import hashlib
import hmac
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from mainstay_kit import Problem, Rate, Secret
from mainstay_kit.postgres import Postgres

QUARTER = 15 * 60.0


class Rates(NamedTuple):
    """One address at one account is stopped first, so that a stranger can hardly lock the owner out."""

    pair: Rate = Rate(10, QUARTER)
    account: Rate = Rate(50, QUARTER)
    address: Rate = Rate(100, QUARTER)
    total: Rate = Rate(1000, 60)


DEFAULT = Rates()


@dataclass(frozen=True, slots=True)
class Count:
    """One thing that is counted. The account's mark is kept beside it, so that it can go with the account."""

    key: str
    account: str | None
    rate: Rate


# Keys come sorted, so that two attempts that share several of them wait for each other and never crosswise.
_SPEND = """
insert into failed_logins as known (key, account, spent_until)
select key, account, now() + seconds * interval '1 second'
from unnest(%(keys)s::text[], %(accounts)s::text[], %(seconds)s::float8[]) as spent (key, account, seconds)
order by key
on conflict (key) do update
set spent_until = greatest(known.spent_until, now()) + (excluded.spent_until - now())
returning key, extract(epoch from spent_until - now())::float8
"""
_LOCK = "select from failed_logins where key = any(%(keys)s) order by key for update"
_GIVE_BACK = """
update failed_logins set spent_until = spent_until - seconds * interval '1 second'
from unnest(%(keys)s::text[], %(seconds)s::float8[]) as spent (given, seconds) where key = given
"""


class LoginLimits:
    """An attempt is counted before the password is looked at and given back when it was right.

    So a thousand attempts at once are a thousand, and not one that was seen a thousand times. The rates are
    GCRA's, as in the kit; a refused attempt counts nothing.
    """

    def __init__(self, postgres: Postgres, secret: Secret, rates: Rates = DEFAULT) -> None:
        self._postgres = postgres
        self._secret = secret
        self._rates = rates

    def mark(self, email: str) -> str:
        """What an account is called here: nobody learns from the counts who tried to log in."""
        return hmac.new(self._secret.reveal().encode(), f"account {email}".encode(), hashlib.sha256).hexdigest()[:32]

    def counts(self, email: str, client: str) -> list[Count]:
        account = self.mark(email)
        place = hmac.new(self._secret.reveal().encode(), f"place {client}".encode(), hashlib.sha256).hexdigest()[:32]
        counts = [
            Count(f"pair {account} {place}", account, self._rates.pair),
            Count(f"account {account}", account, self._rates.account),
            Count(f"address {place}", None, self._rates.address),
            Count("total", None, self._rates.total),
        ]
        return sorted(counts, key=lambda count: count.key)

    async def spend(self, counts: list[Count]) -> None:
        """Count an attempt. Raises 429 with the time after which one has a chance again."""
        async with self._postgres.connection() as connection:
            cursor = await connection.execute(_SPEND, _values(counts))
            ahead = dict(await cursor.fetchall())
            late = max(ahead[count.key] - count.rate.tolerance for count in counts)
            if late > 0.001:
                seconds = max(1, ceil(late))
                again = (b"retry-after", b"%d" % seconds)
                raise Problem(429, f"too many failed log-ins; try again in {seconds} s", headers=(again,))

    async def give_back(self, counts: list[Count]) -> None:
        """The attempt was right."""
        values = _values(counts)
        async with self._postgres.connection() as connection:
            await connection.execute(_LOCK, values)
            await connection.execute(_GIVE_BACK, values)


def _values(counts: list[Count]) -> dict[str, object]:
    return {
        "keys": [count.key for count in counts],
        "accounts": [count.account for count in counts],
        "seconds": [count.rate.interval for count in counts],
    }
