"""Password hashing with Argon2id, in threads so that the event loop is not blocked."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2

from .problems import Problem

MAX_LENGTH = 1024
T = TypeVar("T")


class Passwords:
    """Hashes and verifies passwords, *threads* of them at a time, while up to *queue* more calls wait.

    Hashing takes tens of milliseconds and many MiB by design. When the queue is full, calls raise Problem 503 at once,
    so that a flood of logins does not exhaust the memory or the time of other requests. The default parameters are
    argon2-cffi's, which follow RFC 9106.
    """

    def __init__(self, *, threads: int = 2, queue: int = 32, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._max_calls = threads + queue
        self._waiting = 0
        self._dummy_hash: str | None = None

    async def hash(self, password: str) -> str:
        if len(password) > MAX_LENGTH:
            raise Problem(422, f"a password has at most {MAX_LENGTH} characters")
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Return whether *password* matches *hashed*. For an unknown account pass None: False, after the same time."""
        if len(password) > MAX_LENGTH:
            return False
        if hashed is None:
            if self._dummy_hash is None:
                self._dummy_hash = await self.hash(secrets.token_hex(16))
            await self._in_thread(lambda: self._matches(self._dummy_hash or "", password))
            return False
        return await self._in_thread(lambda: self._matches(hashed, password))

    def is_outdated(self, hashed: str) -> bool:
        """Return whether the hash has outdated parameters, so that the password must be hashed again at a login."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    async def _in_thread(self, function: Callable[[], T]) -> T:
        if self._waiting >= self._max_calls:
            raise Problem(503, "too many logins at once", headers=((b"retry-after", b"1"),))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function)
        finally:
            self._waiting -= 1
