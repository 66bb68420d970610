import asyncio
import threading
from typing import Literal

import argon2
import pytest

from mainstay_kit import Problem
from mainstay_kit.passwords import Passwords

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P22")]
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


class Watched(argon2.PasswordHasher):
    """Notes in which thread it works, and works only when it may."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.threads: list[str] = []
        self.verified: list[str] = []
        self.go = threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.threads.append(threading.current_thread().name)
        self.go.wait(5)
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
    for damaged in ("no hash at all", hashed[:-1], hashed.replace("$m=", "$n=")):
        assert not await passwords.verify(damaged, "correct horse")


async def test_an_unknown_account_costs_as_much_as_a_known_one_and_is_never_right() -> None:
    hasher = Watched()
    hasher.go.set()
    passwords = Passwords(hasher=hasher)
    assert not await passwords.verify(None, "x")
    assert not await passwords.verify(None, "x")
    assert len(hasher.threads) == 1
    assert [hashed.startswith("$argon2id$") for hashed in hasher.verified] == [True, True]


async def test_hashing_is_away_from_the_event_loop() -> None:
    hasher = Watched()
    passwords = Passwords(hasher=hasher)
    hashing = asyncio.create_task(passwords.hash("x"))
    while not hasher.threads:
        await asyncio.sleep(0)
    hasher.go.set()
    await hashing
    assert hasher.threads[0] != threading.current_thread().name


async def test_a_flood_of_logins_is_refused_beyond_the_queue() -> None:
    hasher = Watched()
    passwords = Passwords(hasher=hasher, threads=1, queue=1)
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as caught:
        await passwords.hash("x")
    assert caught.value.status == 503
    assert (b"retry-after", b"1") in caught.value.answer.headers
    hasher.go.set()
    await asyncio.gather(*waiting)
    assert await passwords.hash("when it is over")


async def test_as_many_are_hashed_at_once_as_there_are_threads() -> None:
    hasher = Watched()
    passwords = Passwords(hasher=hasher, threads=2)
    hashing = [asyncio.create_task(passwords.hash("x")) for _ in range(3)]
    while len(hasher.threads) < 2:
        await asyncio.sleep(0)
    assert len(set(hasher.threads)) == 2
    hasher.go.set()
    await asyncio.gather(*hashing)


async def test_closing_lets_what_is_hashed_end_and_forgets_what_waits() -> None:
    hasher = Watched()
    passwords = Passwords(hasher=hasher, threads=1)
    hashed, waits = (asyncio.create_task(passwords.hash("x")) for _ in range(2))
    while not hasher.threads:
        await asyncio.sleep(0)
    passwords.close()
    hasher.go.set()
    assert await hashed
    with pytest.raises(asyncio.CancelledError):
        await waits


async def test_a_password_without_end_is_not_hashed() -> None:
    hasher = Watched()
    hasher.go.set()
    passwords = Passwords(hasher=hasher)
    longest = await passwords.hash("x" * 1024)
    with pytest.raises(Problem) as caught:
        await passwords.hash("x" * 1025)
    assert caught.value.status == 422
    assert not await passwords.verify(longest, "x" * 1025)
    assert (len(hasher.threads), hasher.verified) == (1, [])


async def test_weaker_hashes_are_outdated() -> None:
    hashed = await Passwords(hasher=QUICK).hash("x")
    assert Passwords().is_outdated(hashed)
    assert not Passwords(hasher=QUICK).is_outdated(hashed)


def test_the_parameters_are_those_of_the_rfc() -> None:
    hasher = Passwords()._hasher
    assert hasher.type is argon2.Type.ID
    assert hasher.memory_cost >= 64 * 1024
