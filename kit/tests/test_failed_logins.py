import asyncio

import pytest

from mainstay_kit import MemoryStore, Problem, Rate
from mainstay_kit.limits import FailedLogins, LoginRates, Verdict

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P31", "E22"), pytest.mark.threat("S8")]
ADA, PLACE = "ada@example.com", "203.0.113.7"


def logins_at(moment: float = 1000.0, **rates: Rate) -> FailedLogins:
    return FailedLogins(store=MemoryStore(now=lambda: moment), rates=LoginRates(**rates))


async def refused(logins: FailedLogins, account: str, address: str) -> bool:
    """Whether an attempt is refused; one that is not counts as failed."""
    try:
        await logins.attempt(account, address)
    except Problem as problem:
        return problem.status == 429
    return False


async def test_ten_wrong_passwords_close_an_account_to_that_address_alone() -> None:
    logins = logins_at()
    for _ in range(10):
        await logins.attempt("STRASSE@Example.com ", PLACE)
    assert await refused(logins, "straße@example.com", PLACE)
    assert not await refused(logins, "straße@example.com", "203.0.113.8")
    assert not await refused(logins, "bob@example.com", PLACE)


async def test_a_refusal_says_when_to_come_again() -> None:
    logins = logins_at(total=Rate(1, 90))
    await logins.attempt(ADA, PLACE)
    with pytest.raises(Problem) as caught:
        await logins.attempt(ADA, PLACE)
    assert (b"retry-after", b"90") in caught.value.answer.headers


@pytest.mark.parametrize(("rate", "seconds"), [(Rate(1, 0.2), b"1"), (Rate(1, 1.5), b"2")])
async def test_a_refusal_never_says_to_come_too_early(rate: Rate, seconds: bytes) -> None:
    logins = logins_at(total=rate)
    await logins.attempt(ADA, PLACE)
    with pytest.raises(Problem) as caught:
        await logins.attempt(ADA, PLACE)
    assert (b"retry-after", seconds) in caught.value.answer.headers


async def test_right_passwords_do_not_count() -> None:
    logins = logins_at()
    for _ in range(30):
        attempt = await logins.attempt(ADA, PLACE)
        await attempt.give_back()
    assert not await refused(logins, ADA, PLACE)


async def test_of_many_attempts_at_once_no_more_pass_than_may_fail() -> None:
    logins = logins_at()
    outcomes = await asyncio.gather(*(refused(logins, ADA, PLACE) for _ in range(50)))
    assert outcomes.count(False) == 10


async def test_one_password_on_every_account_is_noticed_too() -> None:
    logins = logins_at(address=Rate(10, 900))
    for number in range(10):
        await logins.attempt(f"{number}@example.com", PLACE)
    assert await refused(logins, "somebody@else.com", PLACE)
    assert not await refused(logins, "somebody@else.com", "203.0.113.8")


async def test_many_addresses_at_one_account_are_noticed_too() -> None:
    logins = logins_at(account=Rate(10, 900))
    for number in range(10):
        await logins.attempt(ADA, f"203.0.113.{number}")
    assert await refused(logins, ADA, "198.51.100.1")


async def test_a_refused_attempt_counts_nothing() -> None:
    logins = logins_at(account=Rate(10, 900), address=Rate(10, 900))
    for number in range(10):
        await logins.attempt(f"{number}@example.com", PLACE)
    for _ in range(20):
        assert await refused(logins, ADA, PLACE)
    assert not await refused(logins, ADA, "203.0.113.8")


async def test_whoever_has_one_address_of_an_ipv6_network_has_them_all() -> None:
    logins = logins_at()
    for number in range(10):
        await logins.attempt(ADA, f"2001:db8::{number:x}")
    assert await refused(logins, ADA, "2001:db8::ffff")


async def test_what_is_no_address_is_a_place_too() -> None:
    logins = logins_at()
    for _ in range(10):
        await logins.attempt(ADA, "unix:/run/edge.sock")
    assert await refused(logins, ADA, "unix:/run/edge.sock")


async def test_an_account_that_is_named_like_an_address_is_not_taken_for_it() -> None:
    store = MemoryStore()
    await FailedLogins(store=store).attempt(PLACE, PLACE)
    marks = {key.split()[-1] for key in store._spent if "account" in key or "address" in key}
    assert len(marks) == 2


async def test_a_store_may_take_its_time() -> None:
    kept = MemoryStore()

    class Slow:
        async def take(self, key: str, rate: Rate) -> Verdict:
            return kept.take(key, rate)

        async def give_back(self, key: str, rate: Rate) -> None:
            kept.give_back(key, rate)

    logins = FailedLogins(store=Slow(), rates=LoginRates(total=Rate(1, 900)))
    await (await logins.attempt(ADA, PLACE)).give_back()
    assert not await refused(logins, ADA, PLACE)
    assert await refused(logins, ADA, PLACE)


async def test_a_refusal_without_a_wait_asks_for_a_second() -> None:
    class Full(MemoryStore):
        def take(self, key: str, rate: Rate) -> Verdict:
            return Verdict(False, 0, 0.0, 0.0)

    with pytest.raises(Problem) as caught:
        await FailedLogins(store=Full()).attempt(ADA, PLACE)
    assert (b"retry-after", b"1") in caught.value.answer.headers


async def test_what_a_store_keeps_names_nobody() -> None:
    store = MemoryStore()
    await FailedLogins(store=store, secret="s" * 40).attempt(ADA, PLACE)
    assert not [key for key in store._spent if "ada" in key or "203" in key]
    assert FailedLogins(secret="s" * 40).mark(ADA) != FailedLogins(secret="t" * 40).mark(ADA)
