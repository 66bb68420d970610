"""Sessions: log-ins, each with its current refresh token."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from granter_core.accounts import Account
from mainstay_kit import Secret
from mainstay_kit.postgres import Postgres
from mainstay_kit.tokens import Claims, Key, Login, Pair, Rotation, TokenInvalid, Tokens

# Of two concurrent refreshes with one token, the second waits for the row and then finds its token no longer current.
_ROTATE = """
update sessions
set token = %(new)s, previous = token, rotated = to_timestamp(%(now)s), ends = to_timestamp(%(expires_at)s)
where family = %(family)s and token = %(spent)s and ends > to_timestamp(%(now)s)
returning token
"""
_WITHIN_GRACE = """
select token from sessions
where family = %(family)s and previous = %(spent)s and ends > to_timestamp(%(now)s)
  and rotated > to_timestamp(%(now)s - %(grace)s)
"""
MAX_SESSIONS = 20  # concurrent log-ins of one account; the oldest ends when there are more


def keys_of(secrets: Sequence[Secret]) -> list[Key]:
    """Return the signing keys. Their ids are derived from the secrets, so that all replicas and releases agree."""
    return [Key(_kid(secret), secret) for secret in secrets]


class RefreshRows:
    """The kit's store of refresh tokens, as a table that all replicas and releases share."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def begin(self, login: Login) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute(
                "insert into sessions (family, account_id, token, ends) values (%s, %s, %s, to_timestamp(%s))",
                (login.family, login.subject, login.token, login.expires_at),
            )
            await connection.execute(
                "delete from sessions where family in (select family from sessions"
                " where account_id = %s order by began desc, family offset %s)",
                (login.subject, MAX_SESSIONS),
            )

    async def rotate(self, rotation: Rotation) -> str | None:
        async with self._postgres.connection() as connection:
            for statement in (_ROTATE, _WITHIN_GRACE):
                row = await (await connection.execute(statement, asdict(rotation))).fetchone()
                if row is not None:
                    return str(row[0].hex)
            await connection.execute("delete from sessions where family = %s", (rotation.family,))
        return None

    async def end(self, family: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("delete from sessions where family = %s", (family,))

    async def end_all(self, subject: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("delete from sessions where account_id = %s", (subject,))


class Sessions:
    """The log-ins of all accounts. An access token is valid for 15 minutes, and ends with its session or account."""

    def __init__(self, postgres: Postgres, keys: Sequence[Key]) -> None:
        self._postgres = postgres
        self._rows = RefreshRows(postgres)
        self._tokens = Tokens(keys, issuer="granter", audience="granter-api", store=self._rows)

    async def begin(self, account: UUID) -> Pair:
        return await self._tokens.issue(str(account))

    async def refresh(self, token: str) -> Pair:
        return await self._tokens.refresh(token)

    async def end(self, token: str) -> None:
        """End the session of the refresh token *token*. Raises TokenInvalid."""
        await self._tokens.revoke(token)

    async def end_all(self, account: UUID) -> None:
        """End every session of *account*."""
        await self._rows.end_all(str(account))

    async def end_of(self, access: str) -> None:
        """End the session of the access token *access*. Raises TokenInvalid."""
        await self._rows.end(str(_identity(self._tokens.read(access), "family")))

    async def account(self, access: str) -> Account:
        """Return the account of an access token. Raises TokenInvalid, also when the session or account is gone."""
        claims = self._tokens.read(access)
        session, account = _identity(claims, "family"), _identity(claims, "sub")
        async with self._postgres.connection() as connection:
            cursor = await connection.execute(
                "select accounts.id, email, created_at from sessions join accounts on accounts.id = account_id"
                " where family = %s and account_id = %s and ends > now()",
                (session, account),
            )
            row = await cursor.fetchone()
        if row is None:
            raise TokenInvalid("the session has ended")
        return Account(*row)


def _identity(claims: Claims, name: str) -> UUID:
    try:
        return UUID(str(claims.get(name)))
    except ValueError:
        raise TokenInvalid("the token is not valid") from None


def _kid(secret: Secret) -> str:
    return hmac.new(secret.reveal().encode(), b"granter kid", hashlib.sha256).hexdigest()[:12]
