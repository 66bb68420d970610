"""What holds of every store of refresh tokens: in memory, and in a real Postgres."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstay_kit.limits.in_postgres import PostgresRateStore
from mainstay_kit.postgres import Postgres
from mainstay_kit.tokens import Login, MemoryRefreshStore, RefreshStore, Turn
from mainstay_kit.tokens.in_postgres import PostgresRefreshStore

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P12"), pytest.mark.xdist_group("kit-postgres")]
AT, LONG, GRACE = 1_800_000_000.0, 86_400.0, 10.0


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RefreshStore]:
    if request.param == "memory":
        yield MemoryRefreshStore()
        return
    postgres = Postgres(request.getfixturevalue("postgres_server"))
    await postgres.open()
    async with postgres.connection() as connection:
        await connection.execute(PostgresRefreshStore.TABLE)
        await connection.execute("TRUNCATE kit_logins")
    yield PostgresRefreshStore(postgres)
    await postgres.close()


def login(family: str = "f", subject: str = "ada", at: float = AT) -> Login:
    return Login(family, subject, f"{family}0", at, at + LONG)


def turn(spent: str, new: str, at: float = AT, family: str = "f") -> Turn:
    return Turn(family, spent, new, at, at + LONG, GRACE)


async def test_a_token_gives_way_to_the_next(store: RefreshStore) -> None:
    await store.begin(login())
    assert await store.turn(turn("f0", "f1")) == "f1"
    assert await store.turn(turn("f1", "f2", AT + 3600)) == "f2"


async def test_one_that_gave_way_long_ago_ends_the_login(store: RefreshStore) -> None:
    await store.begin(login())
    await store.turn(turn("f0", "f1"))
    assert await store.turn(turn("f0", "thief", AT + GRACE)) is None
    assert await store.turn(turn("f1", "f2", AT + GRACE)) is None


async def test_one_that_gave_way_just_now_gets_the_one_that_counts(store: RefreshStore) -> None:
    await store.begin(login())
    await store.turn(turn("f0", "f1"))
    assert await store.turn(turn("f0", "other", AT + GRACE - 1)) == "f1"
    assert await store.turn(turn("f1", "f2", AT + 3600)) == "f2"


async def test_only_the_one_just_before_is_forgiven(store: RefreshStore) -> None:
    await store.begin(login())
    await store.turn(turn("f0", "f1"))
    await store.turn(turn("f1", "f2", AT + 1))
    assert await store.turn(turn("f0", "f3", AT + 2)) is None


async def test_a_login_whose_time_is_over_cannot_be_refreshed(store: RefreshStore) -> None:
    await store.begin(login())
    assert await store.turn(turn("f0", "f1", AT + LONG)) is None


async def test_each_refresh_makes_a_login_last_longer(store: RefreshStore) -> None:
    await store.begin(login())
    await store.turn(turn("f0", "f1", AT + LONG - 1))
    assert await store.turn(turn("f1", "f2", AT + LONG + 1)) == "f2"


async def test_a_login_that_was_ended_cannot_be_refreshed(store: RefreshStore) -> None:
    await store.begin(login())
    await store.end("f")
    assert await store.turn(turn("f0", "f1")) is None


async def test_all_logins_of_one_subject_end_and_no_others(store: RefreshStore) -> None:
    for family, subject in (("a", "ada"), ("b", "ada"), ("c", "bob")):
        await store.begin(login(family, subject))
    await store.end_all("ada")
    outcomes = [await store.turn(turn(f"{family}0", "next", family=family)) for family in "abc"]
    assert outcomes == [None, None, "next"]


async def test_logins_that_are_over_are_forgotten_when_others_begin(store: RefreshStore) -> None:
    await store.begin(login("old"))
    await store.begin(login("new", at=AT + LONG))
    assert await store.turn(turn("old0", "old1", family="old")) is None
    assert await store.turn(turn("new0", "new1", family="new", at=AT + LONG)) == "new1"


def test_processes_that_start_at_once_may_all_make_the_tables(postgres_server: str) -> None:
    def make(_number: int) -> None:
        with psycopg.connect(postgres_server) as connection:
            connection.execute(PostgresRefreshStore.TABLE + PostgresRateStore.TABLE)

    for _ in range(3):
        with psycopg.connect(postgres_server) as connection:
            connection.execute("DROP TABLE IF EXISTS kit_logins, kit_rates")
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(make, range(8)))
        with psycopg.connect(postgres_server) as connection:
            found = connection.execute("SELECT to_regclass('kit_logins'), to_regclass('kit_rates')").fetchone()
        assert found == ("kit_logins", "kit_rates")


PRESENTED = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 2 * GRACE)), max_size=12)


@given(presented=PRESENTED)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_spent_token_is_worth_nothing_but_in_its_grace(
    store: RefreshStore, presented: list[tuple[int, float]]
) -> None:
    """Whatever is presented in whatever order: *back* counts from the current token, waits lie in between."""
    await store.end_all("ada")
    await store.begin(login())
    given_out, turned, at, over = ["f0"], float("-inf"), AT, False
    for number, (back, wait) in enumerate(presented):
        at += wait
        spent = given_out[-1 - back] if back < len(given_out) else "made up"
        outcome = await store.turn(turn(spent, f"n{number}", at))
        if over or back > 1 or spent == "made up" or (back == 1 and at - turned >= GRACE):
            over = True
            assert outcome is None
        elif back == 1:
            assert outcome == given_out[-1]
        else:
            assert outcome == f"n{number}"
            given_out, turned = [*given_out, f"n{number}"], at
