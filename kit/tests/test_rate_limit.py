import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.tests.driving import call, stub_app
from mainstay_kit import Limit, MemoryStore, Misconfigured, Rate, RateLimit, RateStore
from mainstay_kit.limits.gcra import Verdict, decide

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P19")]


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def limited_app(clock: Clock, *limits: Limit, store: RateStore | None = None, fail_closed: bool = False) -> RateLimit:
    return RateLimit(stub_app(), limits=limits, store=store or MemoryStore(now=clock), fail_closed=fail_closed)


@pytest.mark.requirement("E26")
async def test_requests_above_the_rate_get_429_with_retry_after() -> None:
    clock = Clock()
    app = limited_app(clock, Limit("/", Rate(2, 10)))
    assert [(await call(app)).status for _ in range(3)] == [200, 200, 429]
    refusal = await call(app)
    assert (refusal.headers["retry-after"], refusal.headers["content-type"]) == ("5", "application/problem+json")
    clock.at += 5
    assert [(await call(app)).status for _ in range(2)] == [200, 429]


async def test_clients_are_limited_independently() -> None:
    app = limited_app(Clock(), Limit("/", Rate(1, 10)))
    assert [(await call(app, client=(f"203.0.113.{last}", 1))).status for last in (1, 2, 1)] == [200, 200, 429]


async def test_one_ipv6_network_is_one_client() -> None:
    app = limited_app(Clock(), Limit("/", Rate(1, 10)))
    clients = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"]
    assert [(await call(app, client=(client, 1))).status for client in clients] == [200, 429, 200]


async def test_the_first_matching_limit_applies() -> None:
    login = Limit("/api/auth/login", Rate(1, 60), methods=frozenset({"POST"}))
    app = limited_app(Clock(), login, Limit("/api", Rate(3, 60)))
    requests = [("/api/auth/login", "POST"), ("/api/auth/login", "POST"), ("/api/auth/login", "GET"), ("/apis", "GET")]
    assert [(await call(app, path, method)).status for path, method in requests] == [200, 429, 200, 200]


async def test_the_remaining_rate_is_in_the_headers() -> None:
    reply = await call(limited_app(Clock(), Limit("/", Rate(10, 60))))
    assert reply.headers["ratelimit"] == "limit=10, remaining=9, reset=6"


class AsyncStore:
    """A store outside the process, which may be away."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.memory = MemoryStore(now=Clock())

    async def take(self, key: str, rate: Rate) -> Verdict:
        if self.fails:
            raise ConnectionError("no store")
        return self.memory.take(key, rate)


async def test_the_store_is_replaceable() -> None:
    app = limited_app(Clock(), Limit("/", Rate(1, 10)), store=AsyncStore())
    assert [(await call(app)).status for _ in range(2)] == [200, 429]


@pytest.mark.requirement("E23")
@pytest.mark.parametrize(("closed", "status"), [(False, 200), (True, 503)], ids=["open", "closed"])
async def test_fail_closed_decides_when_the_store_fails(closed: bool, status: int) -> None:
    app = limited_app(Clock(), Limit("/", Rate(1, 10)), store=AsyncStore(fails=True), fail_closed=closed)
    assert (await call(app)).status == status


@given(
    limit=st.integers(1, 20),
    per=st.floats(0.5, 100),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=80),
    data=st.data(),
)
@settings(deadline=None)
def test_no_window_allows_more_than_the_burst_and_the_rate(
    limit: int, per: float, gaps: list[float], data: st.DataObject
) -> None:
    rate = Rate(limit, per, data.draw(st.integers(1, limit)))
    now, spent_until, passed = 1000.0, 0.0, []
    for gap in gaps:
        now += gap
        verdict, spent_until = decide(spent_until, rate, now)
        passed += [now] if verdict.allowed else []
    for first, start in enumerate(passed):
        for count, end in enumerate(passed[first:], 1):
            assert count <= rate.burst + (end - start) / rate.interval + 1e-6


@given(limit=st.integers(1, 50), per=st.floats(0.1, 1000), tries=st.integers(1, 60))
def test_a_request_after_retry_after_is_allowed(limit: int, per: float, tries: int) -> None:
    rate, now, spent_until = Rate(limit, per), 1000.0, 0.0
    for _ in range(tries):
        verdict, spent_until = decide(spent_until, rate, now)
    assert decide(spent_until, rate, now + verdict.retry_after + 1e-6)[0].allowed or verdict.allowed
    if not verdict.allowed:
        assert not decide(spent_until, rate, now + verdict.retry_after - rate.interval * 0.01)[0].allowed


@given(gap=st.floats(1.0, 5.0), limit=st.integers(1, 50))
def test_a_client_within_the_rate_is_never_refused(gap: float, limit: int) -> None:
    rate, now, spent_until = Rate(limit, limit * 1.0, 1), 1000.0, 0.0
    for _ in range(200):
        verdict, spent_until = decide(spent_until, rate, now)
        assert verdict.allowed
        now += gap


def test_a_flood_of_addresses_uses_bounded_memory() -> None:
    store = MemoryStore(now=Clock(), max_keys=100)
    for number in range(1000):
        store.take(str(number), Rate(1, 60))
    assert len(store._spent) <= 100


def test_expired_keys_are_removed_first() -> None:
    clock = Clock()
    store = MemoryStore(now=clock, max_keys=100)
    for number in range(100):
        store.take(str(number), Rate(1, 60))
    clock.at += 61
    store.take("fresh", Rate(1, 60))
    assert list(store._spent) == ["fresh"]


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(Misconfigured):
        Rate(0, 60)
