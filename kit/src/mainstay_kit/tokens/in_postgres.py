"""Refresh tokens in Postgres: shared by all processes and kept across restarts."""

from typing import ClassVar

from mainstay_kit.postgres import Postgres

from .refresh import Login, Rotation

# Processes that start together may all run this; CREATE TABLE IF NOT EXISTS alone can fail then, hence the lock.
_TABLE = """
SELECT pg_advisory_xact_lock(hashtext('mainstay_kit'));
CREATE TABLE IF NOT EXISTS kit_logins (
    family text PRIMARY KEY,
    subject text NOT NULL,
    token text NOT NULL,
    before text NOT NULL DEFAULT '',
    turned timestamptz NOT NULL DEFAULT '-infinity',
    until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS kit_logins_subject ON kit_logins (subject);
CREATE INDEX IF NOT EXISTS kit_logins_until ON kit_logins (until);
"""
_BEGIN = """
INSERT INTO kit_logins (family, subject, token, until)
VALUES (%(family)s, %(subject)s, %(token)s, to_timestamp(%(until)s))
"""
# Rows that another process is deleting are skipped: two processes deleting the same rows could deadlock.
_SWEEP = """
DELETE FROM kit_logins
WHERE family IN (SELECT family FROM kit_logins WHERE until <= to_timestamp(%s) LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""
# Of two concurrent refreshes with one token, the second waits for the row and then finds its token no longer current.
_ROTATE = """
UPDATE kit_logins
SET token = %(new)s, before = token, turned = to_timestamp(%(at)s), until = to_timestamp(%(until)s)
WHERE family = %(family)s AND token = %(spent)s AND until > to_timestamp(%(at)s)
RETURNING token
"""
_WITHIN_GRACE = """
SELECT token FROM kit_logins
WHERE family = %(family)s AND before = %(spent)s AND until > to_timestamp(%(at)s)
  AND turned > to_timestamp(%(at)s - %(grace)s)
"""


class PostgresRefreshStore:
    """A store with a row per login, in a table that the service's migration creates from `TABLE`.

    It keeps only token ids, from which no token can be made. Expired logins are deleted when new ones begin.
    """

    TABLE: ClassVar[str] = _TABLE

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def begin(self, login: Login) -> None:
        values = {"family": login.family, "subject": login.subject, "token": login.token, "until": login.expires_at}
        async with self._postgres.connection() as connection:
            await connection.execute(_SWEEP, [login.now])
            await connection.execute(_BEGIN, values)

    async def rotate(self, rotation: Rotation) -> str | None:
        values = {
            "family": rotation.family, "spent": rotation.spent, "new": rotation.new,
            "at": rotation.now, "until": rotation.expires_at, "grace": rotation.grace,
        }  # fmt: skip
        async with self._postgres.connection() as connection:
            for statement in (_ROTATE, _WITHIN_GRACE):
                row = await (await connection.execute(statement, values)).fetchone()
                if row is not None:
                    return str(row[0])
            await connection.execute("DELETE FROM kit_logins WHERE family = %s", [rotation.family])
        return None

    async def end(self, family: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("DELETE FROM kit_logins WHERE family = %s", [family])

    async def end_all(self, subject: str) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute("DELETE FROM kit_logins WHERE subject = %s", [subject])
