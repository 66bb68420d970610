import asyncio

import pytest

from mainstay_kit import MemoryStore, Problem, Rate
from mainstay_kit.limits import FailedLogins, LoginRates, Verdict

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P31", "E22"), pytest.mark.threat("S8")]
ADA, ADDRESS = "ada@example.com", "203.0.113.7"


def failed_logins(now: float = 1000.0, **rates: Rate) -> FailedLogins:
    return FailedLogins(store=MemoryStore(now=lambda: now), rates=LoginRates(**rates))


async def is_refused(logins: FailedLogins, account: str, address: str) -> bool:
    """Whether an attempt is refused; one that is not counts as failed."""
    try:
        await logins.attempt(account, address)
    except Problem as problem:
        return problem.status == 429
    return False


async def test_ten_wrong_passwords_lock_an_account_for_that_address_only() -> None:
    logins = failed_logins()
    for _ in range(10):
        await logins.attempt("STRASSE@Example.com ", ADDRESS)
    assert await is_refused(logins, "straße@example.com", ADDRESS)
    assert not await is_refused(logins, "straße@example.com", "203.0.113.8")
    assert not await is_refused(logins, "bob@example.com", ADDRESS)


async def test_a_refusal_has_retry_after() -> None:
    logins = failed_logins(total=Rate(1, 90))
    await logins.attempt(ADA, ADDRESS)
    with pytest.raises(Problem) as raised:
        await logins.attempt(ADA, ADDRESS)
    assert (b"retry-after", b"90") in raised.value.response.headers


@pytest.mark.parametrize(("rate", "seconds"), [(Rate(1, 0.2), b"1"), (Rate(1, 1.5), b"2")])
async def test_retry_after_is_rounded_up(rate: Rate, seconds: bytes) -> None:
    logins = failed_logins(total=rate)
    await logins.attempt(ADA, ADDRESS)
    with pytest.raises(Problem) as raised:
        await logins.attempt(ADA, ADDRESS)
    assert (b"retry-after", seconds) in raised.value.response.headers


async def test_correct_passwords_are_not_counted() -> None:
    logins = failed_logins()
    for _ in range(30):
        attempt = await logins.attempt(ADA, ADDRESS)
        await attempt.give_back()
    assert not await is_refused(logins, ADA, ADDRESS)


async def test_concurrent_attempts_do_not_exceed_the_rate() -> None:
    logins = failed_logins()
    outcomes = await asyncio.gather(*(is_refused(logins, ADA, ADDRESS) for _ in range(50)))
    assert outcomes.count(False) == 10


async def test_failures_from_one_address_at_many_accounts_are_limited() -> None:
    logins = failed_logins(address=Rate(10, 900))
    for number in range(10):
        await logins.attempt(f"{number}@example.com", ADDRESS)
    assert await is_refused(logins, "somebody@else.com", ADDRESS)
    assert not await is_refused(logins, "somebody@else.com", "203.0.113.8")


async def test_failures_from_many_addresses_at_one_account_are_limited() -> None:
    logins = failed_logins(account=Rate(10, 900))
    for number in range(10):
        await logins.attempt(ADA, f"203.0.113.{number}")
    assert await is_refused(logins, ADA, "198.51.100.1")


async def test_a_refused_attempt_is_not_counted() -> None:
    logins = failed_logins(account=Rate(10, 900), address=Rate(10, 900))
    for number in range(10):
        await logins.attempt(f"{number}@example.com", ADDRESS)
    for _ in range(20):
        assert await is_refused(logins, ADA, ADDRESS)
    assert not await is_refused(logins, ADA, "203.0.113.8")


async def test_an_ipv6_network_counts_as_one_address() -> None:
    logins = failed_logins()
    for number in range(10):
        await logins.attempt(ADA, f"2001:db8::{number:x}")
    assert await is_refused(logins, ADA, "2001:db8::ffff")


async def test_an_invalid_address_is_limited_too() -> None:
    logins = failed_logins()
    for _ in range(10):
        await logins.attempt(ADA, "unix:/run/edge.sock")
    assert await is_refused(logins, ADA, "unix:/run/edge.sock")


async def test_an_account_named_like_an_address_has_another_pseudonym() -> None:
    store = MemoryStore()
    await FailedLogins(store=store).attempt(ADDRESS, ADDRESS)
    marks = {key.split()[-1] for key in store._spent if "account" in key or "address" in key}
    assert len(marks) == 2


async def test_a_store_can_be_asynchronous() -> None:
    memory = MemoryStore()

    class Slow:
        async def take(self, key: str, rate: Rate) -> Verdict:
            return memory.take(key, rate)

        async def give_back(self, key: str, rate: Rate) -> None:
            memory.give_back(key, rate)

    logins = FailedLogins(store=Slow(), rates=LoginRates(total=Rate(1, 900)))
    await (await logins.attempt(ADA, ADDRESS)).give_back()
    assert not await is_refused(logins, ADA, ADDRESS)
    assert await is_refused(logins, ADA, ADDRESS)


async def test_retry_after_is_at_least_one_second() -> None:
    class Full(MemoryStore):
        def take(self, key: str, rate: Rate) -> Verdict:
            return Verdict(False, 0, 0.0, 0.0)

    with pytest.raises(Problem) as raised:
        await FailedLogins(store=Full()).attempt(ADA, ADDRESS)
    assert (b"retry-after", b"1") in raised.value.response.headers


async def test_store_keys_contain_no_account_or_address() -> None:
    store = MemoryStore()
    await FailedLogins(store=store, secret="s" * 40).attempt(ADA, ADDRESS)
    assert not [key for key in store._spent if "ada" in key or "203" in key]
    assert FailedLogins(secret="s" * 40).pseudonym(ADA) != FailedLogins(secret="t" * 40).pseudonym(ADA)
