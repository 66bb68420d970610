"""What holds of every store of refresh tokens: in memory, and in a real Postgres."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstay_kit.limits.in_postgres import PostgresRateStore
from mainstay_kit.postgres import Postgres
from mainstay_kit.tokens import Login, MemoryRefreshStore, RefreshStore, Rotation
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


def login(family: str = "f", subject: str = "ada", now: float = AT) -> Login:
    return Login(family, subject, f"{family}0", now, now + LONG)


def rotation(spent: str, new: str, now: float = AT, family: str = "f") -> Rotation:
    return Rotation(family, spent, new, now, now + LONG, GRACE)


async def test_a_refresh_replaces_the_token(store: RefreshStore) -> None:
    await store.begin(login())
    assert await store.rotate(rotation("f0", "f1")) == "f1"
    assert await store.rotate(rotation("f1", "f2", AT + 3600)) == "f2"


async def test_a_token_replaced_before_the_grace_period_ends_the_login(store: RefreshStore) -> None:
    await store.begin(login())
    await store.rotate(rotation("f0", "f1"))
    assert await store.rotate(rotation("f0", "thief", AT + GRACE)) is None
    assert await store.rotate(rotation("f1", "f2", AT + GRACE)) is None


async def test_a_token_replaced_within_the_grace_period_returns_the_current_token(store: RefreshStore) -> None:
    await store.begin(login())
    await store.rotate(rotation("f0", "f1"))
    assert await store.rotate(rotation("f0", "other", AT + GRACE - 1)) == "f1"
    assert await store.rotate(rotation("f1", "f2", AT + 3600)) == "f2"


async def test_only_the_previous_token_has_a_grace_period(store: RefreshStore) -> None:
    await store.begin(login())
    await store.rotate(rotation("f0", "f1"))
    await store.rotate(rotation("f1", "f2", AT + 1))
    assert await store.rotate(rotation("f0", "f3", AT + 2)) is None


async def test_an_expired_login_cannot_be_refreshed(store: RefreshStore) -> None:
    await store.begin(login())
    assert await store.rotate(rotation("f0", "f1", AT + LONG)) is None


async def test_each_refresh_extends_the_login(store: RefreshStore) -> None:
    await store.begin(login())
    await store.rotate(rotation("f0", "f1", AT + LONG - 1))
    assert await store.rotate(rotation("f1", "f2", AT + LONG + 1)) == "f2"


async def test_an_ended_login_cannot_be_refreshed(store: RefreshStore) -> None:
    await store.begin(login())
    await store.end("f")
    assert await store.rotate(rotation("f0", "f1")) is None


async def test_end_all_ends_the_logins_of_one_subject_only(store: RefreshStore) -> None:
    for family, subject in (("a", "ada"), ("b", "ada"), ("c", "bob")):
        await store.begin(login(family, subject))
    await store.end_all("ada")
    outcomes = [await store.rotate(rotation(f"{family}0", "next", family=family)) for family in "abc"]
    assert outcomes == [None, None, "next"]


async def test_expired_logins_are_deleted_when_new_ones_begin(store: RefreshStore) -> None:
    await store.begin(login("old"))
    await store.begin(login("new", now=AT + LONG))
    assert await store.rotate(rotation("old0", "old1", family="old")) is None
    assert await store.rotate(rotation("new0", "new1", family="new", now=AT + LONG)) == "new1"


def test_processes_starting_together_can_all_create_the_tables(postgres_server: str) -> None:
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


PRESENTATIONS = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 2 * GRACE)), max_size=12)


@given(presented=PRESENTATIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_spent_token_is_accepted_only_in_its_grace_period(
    store: RefreshStore, presented: list[tuple[int, float]]
) -> None:
    """Tokens in any order: *age* counts back from the current token; *pause* is the time before it."""
    await store.end_all("ada")
    await store.begin(login())
    current_tokens, rotated_at, now, ended = ["f0"], float("-inf"), AT, False
    for number, (age, pause) in enumerate(presented):
        now += pause
        spent = current_tokens[-1 - age] if age < len(current_tokens) else "made up"
        outcome = await store.rotate(rotation(spent, f"n{number}", now))
        if ended or age > 1 or spent == "made up" or (age == 1 and now - rotated_at >= GRACE):
            ended = True
            assert outcome is None
        elif age == 1:
            assert outcome == current_tokens[-1]
        else:
            assert outcome == f"n{number}"
            current_tokens, rotated_at = [*current_tokens, f"n{number}"], now
