import asyncio
import threading
from typing import Literal

import argon2
import pytest

from mainstay_kit import Problem
from mainstay_kit.passwords import Passwords

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P22")]
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


class ObservedHasher(argon2.PasswordHasher):
    """Notes in which thread it works, and works only when it may."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.threads: list[str] = []
        self.verified: list[str] = []
        self.may_hash = threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.threads.append(threading.current_thread().name)
        self.may_hash.wait(5)
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified.append(str(hash))
        return super().verify(hash, password)


async def test_a_password_is_right_or_wrong() -> None:
    passwords = Passwords(hasher=QUICK)
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify(hashed, "correct horse")
    assert not await passwords.verify(hashed, "wrong")
    for invalid in ("no hash at all", hashed[:-1], hashed.replace("$m=", "$n=")):
        assert not await passwords.verify(invalid, "correct horse")


async def test_verifying_an_unknown_account_takes_equally_long_and_fails() -> None:
    hasher = ObservedHasher()
    hasher.may_hash.set()
    passwords = Passwords(hasher=hasher)
    assert not await passwords.verify(None, "x")
    assert not await passwords.verify(None, "x")
    assert len(hasher.threads) == 1
    assert [hashed.startswith("$argon2id$") for hashed in hasher.verified] == [True, True]


async def test_hashing_runs_outside_the_event_loop_thread() -> None:
    hasher = ObservedHasher()
    passwords = Passwords(hasher=hasher)
    hashing = asyncio.create_task(passwords.hash("x"))
    while not hasher.threads:
        await asyncio.sleep(0)
    hasher.may_hash.set()
    await hashing
    assert hasher.threads[0] != threading.current_thread().name


async def test_logins_above_the_queue_limit_are_refused() -> None:
    hasher = ObservedHasher()
    passwords = Passwords(hasher=hasher, threads=1, queue=1)
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as raised:
        await passwords.hash("x")
    assert raised.value.status == 503
    assert (b"retry-after", b"1") in raised.value.response.headers
    hasher.may_hash.set()
    await asyncio.gather(*waiting)
    assert await passwords.hash("when it is over")


async def test_concurrent_hashes_are_limited_to_the_threads() -> None:
    hasher = ObservedHasher()
    passwords = Passwords(hasher=hasher, threads=2)
    hashing = [asyncio.create_task(passwords.hash("x")) for _ in range(3)]
    while len(hasher.threads) < 2:
        await asyncio.sleep(0)
    assert len(set(hasher.threads)) == 2
    hasher.may_hash.set()
    await asyncio.gather(*hashing)


async def test_close_finishes_running_hashes_and_cancels_queued_ones() -> None:
    hasher = ObservedHasher()
    passwords = Passwords(hasher=hasher, threads=1)
    hashed, queued = (asyncio.create_task(passwords.hash("x")) for _ in range(2))
    while not hasher.threads:
        await asyncio.sleep(0)
    passwords.close()
    hasher.may_hash.set()
    assert await hashed
    with pytest.raises(asyncio.CancelledError):
        await queued


async def test_an_overlong_password_is_not_hashed() -> None:
    hasher = ObservedHasher()
    hasher.may_hash.set()
    passwords = Passwords(hasher=hasher)
    longest = await passwords.hash("x" * 1024)
    with pytest.raises(Problem) as raised:
        await passwords.hash("x" * 1025)
    assert raised.value.status == 422
    assert not await passwords.verify(longest, "x" * 1025)
    assert (len(hasher.threads), hasher.verified) == (1, [])


async def test_weaker_hashes_are_outdated() -> None:
    hashed = await Passwords(hasher=QUICK).hash("x")
    assert Passwords().is_outdated(hashed)
    assert not Passwords(hasher=QUICK).is_outdated(hashed)


def test_default_parameters_follow_the_rfc() -> None:
    hasher = Passwords()._hasher
    assert hasher.type is argon2.Type.ID
    assert hasher.memory_cost >= 64 * 1024
