"""Query plans: with many grants, searches use the indexes."""

from collections.abc import Iterator

import psycopg
import pytest
from granter_data.query import query_of
from granter_data.search import by_words, page_of, values_of
from granter_postgres import Postgres

pytestmark = pytest.mark.requirement("Q8", "Q12")

MANY = """
insert into grants (source_url, content_hash, rules, language, title, funder, deadline, deadline_kind, body, summary,
    topics, region)
select 'http://plan.example/' || n, '', 0, (array['en', 'de', 'fr'])[1 + n % 3], 'Grant w' || n % 4000,
    'Fund ' || n % 90, current_date + n % 400, 'date', 'about w' || n % 5000 || ' and w' || n % 777, 'summary',
    array['t' || n % 12], 'r' || n % 30
from generate_series(1, 30000) as n;
analyze grants"""


@pytest.fixture(scope="module")
def planned(postgres: Postgres) -> Iterator[psycopg.Connection]:
    address = postgres.database("planned")
    postgres.execute("planned", MANY)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def explain(
    connection: psycopg.Connection, statement: str, parameters: dict[str, str], topics: tuple[str, ...] = ()
) -> str:
    values = values_of(query_of(parameters, topics))
    return "\n".join(row[0] for row in connection.execute(f"explain {statement}".encode(), values, prepare=False))


@pytest.mark.parametrize("words", ["w123", '"w123 w77"', "w123 or w9", "w123 -w77"])
def test_word_searches_use_the_index_of_each_language(planned: psycopg.Connection, words: str) -> None:
    parameters = {"query": words}
    query_plan = explain(planned, by_words(query_of(parameters)), parameters)
    for language in ("en", "de", "fr", "others"):
        assert f"Bitmap Index Scan on grants_search_{language}" in query_plan
    assert "Seq Scan on grants" not in query_plan
    assert "Filter: (search" not in query_plan


def test_full_texts_are_ranked_for_one_block_of_hits_only(planned: psycopg.Connection) -> None:
    parameters = {"query": "w123"}
    query_plan = explain(planned, by_words(query_of(parameters)), parameters)
    assert "Index Scan using grants_pkey on grants" in query_plan


@pytest.mark.parametrize(
    ("sort", "index"), [("deadline", "grants_by_deadline"), ("amount", "grants_by_amount"), ("newest", "grants_by_age")]
)
def test_searches_without_words_use_index_order(planned: psycopg.Connection, sort: str, index: str) -> None:
    parameters = {"sort": sort}
    query_plan = explain(planned, page_of(query_of(parameters)), parameters)
    assert index in query_plan
    assert "Seq Scan on grants" not in query_plan


def test_prefix_searches_use_an_index(planned: psycopg.Connection) -> None:
    statement = "explain select title from grants where names @@ to_tsquery('simple', 'w1234:*') limit 200"
    assert "grants_names" in "\n".join(row[0] for row in planned.execute(statement))
