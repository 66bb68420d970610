import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.tests.driving import answering, ask
from mainstay_kit import Limit, MemoryStore, Misconfigured, Rate, RateLimit, RateStore
from mainstay_kit.limits.gcra import Verdict, decide

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P19")]


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def limited(clock: Clock, *limits: Limit, store: RateStore | None = None, closed: bool = False) -> RateLimit:
    return RateLimit(answering(), limits=limits, store=store or MemoryStore(now=clock), closed=closed)


@pytest.mark.requirement("E26")
async def test_beyond_the_rate_the_answer_is_429_and_says_when_to_come_again() -> None:
    clock = Clock()
    app = limited(clock, Limit("/", Rate(2, 10)))
    assert [(await ask(app)).status for _ in range(3)] == [200, 200, 429]
    refused = await ask(app)
    assert (refused.headers["retry-after"], refused.headers["content-type"]) == ("5", "application/problem+json")
    clock.at += 5
    assert [(await ask(app)).status for _ in range(2)] == [200, 429]


async def test_clients_do_not_spend_each_others_requests() -> None:
    app = limited(Clock(), Limit("/", Rate(1, 10)))
    assert [(await ask(app, client=(f"203.0.113.{last}", 1))).status for last in (1, 2, 1)] == [200, 200, 429]


async def test_one_ipv6_network_is_one_client() -> None:
    app = limited(Clock(), Limit("/", Rate(1, 10)))
    clients = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"]
    assert [(await ask(app, client=(client, 1))).status for client in clients] == [200, 429, 200]


async def test_the_first_limit_that_covers_a_request_counts() -> None:
    login = Limit("/api/auth/login", Rate(1, 60), methods=frozenset({"POST"}))
    app = limited(Clock(), login, Limit("/api", Rate(3, 60)))
    asked = [("/api/auth/login", "POST"), ("/api/auth/login", "POST"), ("/api/auth/login", "GET"), ("/apis", "GET")]
    assert [(await ask(app, path, method)).status for path, method in asked] == [200, 429, 200, 200]


async def test_what_is_left_is_told() -> None:
    reply = await ask(limited(Clock(), Limit("/", Rate(10, 60))))
    assert reply.headers["ratelimit"] == "limit=10, remaining=9, reset=6"


class Elsewhere:
    """A store outside the process, which may be away."""

    def __init__(self, away: bool = False) -> None:
        self.away = away
        self.memory = MemoryStore(now=Clock())

    async def take(self, key: str, rate: Rate) -> Verdict:
        if self.away:
            raise ConnectionError("no store")
        return self.memory.take(key, rate)


async def test_the_store_can_be_another() -> None:
    app = limited(Clock(), Limit("/", Rate(1, 10)), store=Elsewhere())
    assert [(await ask(app)).status for _ in range(2)] == [200, 429]


@pytest.mark.requirement("E23")
@pytest.mark.parametrize(("closed", "status"), [(False, 200), (True, 503)], ids=["open", "closed"])
async def test_what_a_store_that_is_away_means_is_the_services_choice(closed: bool, status: int) -> None:
    app = limited(Clock(), Limit("/", Rate(1, 10)), store=Elsewhere(away=True), closed=closed)
    assert (await ask(app)).status == status


@given(
    limit=st.integers(1, 20),
    per=st.floats(0.5, 100),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=80),
    data=st.data(),
)
@settings(deadline=None)
def test_in_no_window_pass_more_than_the_burst_and_the_rate(
    limit: int, per: float, gaps: list[float], data: st.DataObject
) -> None:
    rate = Rate(limit, per, data.draw(st.integers(1, limit)))
    now, spent, passed = 1000.0, 0.0, []
    for gap in gaps:
        now += gap
        verdict, spent = decide(spent, rate, now)
        passed += [now] if verdict.allowed else []
    for first, began in enumerate(passed):
        for count, ended in enumerate(passed[first:], 1):
            assert count <= rate.burst + (ended - began) / rate.interval + 1e-6


@given(limit=st.integers(1, 50), per=st.floats(0.1, 1000), tries=st.integers(1, 60))
def test_retry_after_is_the_truth(limit: int, per: float, tries: int) -> None:
    rate, now, spent = Rate(limit, per), 1000.0, 0.0
    for _ in range(tries):
        verdict, spent = decide(spent, rate, now)
    assert decide(spent, rate, now + verdict.retry_after + 1e-6)[0].allowed or verdict.allowed
    if not verdict.allowed:
        assert not decide(spent, rate, now + verdict.retry_after - rate.interval * 0.01)[0].allowed


@given(gap=st.floats(1.0, 5.0), limit=st.integers(1, 50))
def test_a_client_that_keeps_to_the_rate_is_never_refused(gap: float, limit: int) -> None:
    rate, now, spent = Rate(limit, limit * 1.0, 1), 1000.0, 0.0
    for _ in range(200):
        verdict, spent = decide(spent, rate, now)
        assert verdict.allowed
        now += gap


def test_a_flood_of_addresses_takes_a_fixed_amount_of_memory() -> None:
    store = MemoryStore(now=Clock(), keys_at_most=100)
    for number in range(1000):
        store.take(str(number), Rate(1, 60))
    assert len(store._spent) <= 100


def test_keys_whose_time_is_over_are_swept_first() -> None:
    clock = Clock()
    store = MemoryStore(now=clock, keys_at_most=100)
    for number in range(100):
        store.take(str(number), Rate(1, 60))
    clock.at += 61
    store.take("fresh", Rate(1, 60))
    assert list(store._spent) == ["fresh"]


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(Misconfigured):
        Rate(0, 60)
