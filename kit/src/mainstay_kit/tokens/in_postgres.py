"""Refresh tokens in Postgres: shared by all processes and kept across restarts."""

from dataclasses import asdict
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
    previous text NOT NULL DEFAULT '',
    rotated timestamptz NOT NULL DEFAULT '-infinity',
    expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS kit_logins_subject ON kit_logins (subject);
CREATE INDEX IF NOT EXISTS kit_logins_expires_at ON kit_logins (expires_at);
"""
_BEGIN = """
INSERT INTO kit_logins (family, subject, token, expires_at)
VALUES (%(family)s, %(subject)s, %(token)s, to_timestamp(%(expires_at)s))
"""
# Rows that another process is deleting are skipped: two processes deleting the same rows could deadlock.
_SWEEP = """
DELETE FROM kit_logins
WHERE family IN (SELECT family FROM kit_logins WHERE expires_at <= to_timestamp(%s) LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""
# Of two concurrent refreshes with one token, the second waits for the row and then finds its token no longer current.
_ROTATE = """
UPDATE kit_logins
SET token = %(new)s, previous = token, rotated = to_timestamp(%(now)s), expires_at = to_timestamp(%(expires_at)s)
WHERE family = %(family)s AND token = %(spent)s AND expires_at > to_timestamp(%(now)s)
RETURNING token
"""
_WITHIN_GRACE = """
SELECT token FROM kit_logins
WHERE family = %(family)s AND previous = %(spent)s AND expires_at > to_timestamp(%(now)s)
  AND rotated > to_timestamp(%(now)s - %(grace)s)
"""


class PostgresRefreshStore:
    """A store with a row per login, in a table that the service's migration creates from `TABLE`.

    It keeps only token ids, from which no token can be made. Expired logins are deleted when new ones begin.
    """

    TABLE: ClassVar[str] = _TABLE

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def begin(self, login: Login) -> None:
        async with self._postgres.connection() as connection:
            await connection.execute(_SWEEP, [login.now])
            await connection.execute(_BEGIN, asdict(login))

    async def rotate(self, rotation: Rotation) -> str | None:
        async with self._postgres.connection() as connection:
            for statement in (_ROTATE, _WITHIN_GRACE):
                row = await (await connection.execute(statement, asdict(rotation))).fetchone()
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
