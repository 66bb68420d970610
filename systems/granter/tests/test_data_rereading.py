"""Unchanged notices that are read again because a better model became available."""

from collections.abc import Iterator

import pytest
from granter_deployment import Start
from granter_fake_models import FakeModels
from granter_fake_site import FakeSite, listing
from granter_postgres import Postgres
from granter_scraping import Scraping
from granter_services import Service

pytestmark = pytest.mark.requirement("Q9")

SLUGS = ("one", "two", "three")
KEY = "canary-key-of-the-models-0123456789"
PAGE = """<html lang=en><title>{0}</title><h1>{0}</h1><p>Paid by those who care: the Society of {0}.</p>
<p>Funder: {0} Fund</p></html>"""
BETTER = {"funder": {"value": "those who care", "evidence": "Paid by those who care"}}


@pytest.fixture
def models() -> Iterator[FakeModels]:
    with FakeModels(BETTER) as fake:
        yield fake


@pytest.fixture
def scraping(postgres: Postgres, start: Start) -> Iterator[Scraping]:
    pages = {"/": listing(*SLUGS)} | {f"/{slug}": PAGE.format(slug.title()) for slug in SLUGS}
    with FakeSite(pages) as site:
        site.has_etags = True
        yield Scraping(site, postgres, start)


def readers(scraping: Scraping) -> list[str]:
    return scraping.query("select provenance -> 'funder' ->> 'by' from grants order by 1")


def with_models(scraping: Scraping, models: FakeModels, **variables: str) -> Service:
    urls = {"GEMINI_URL": models.url, "OPENAI_URL": f"{models.url}/v1", "GEMINI_API_KEY": KEY}
    return scraping.begin(every="0.1", **urls | variables)


def round_without_models(scraping: Scraping) -> None:
    data = scraping.begin(every="0.1")
    scraping.finished()
    data.stop()
    assert readers(scraping) == ["rules"] * 3


def more_rounds(scraping: Scraping) -> None:
    scraping.finished(scraping.rounds() + 2)


def test_a_key_added_later_is_used_for_stored_notices(scraping: Scraping, models: FakeModels) -> None:
    round_without_models(scraping)
    with_models(scraping, models)
    more_rounds(scraping)
    assert readers(scraping) == ["gemini"] * 3
    assert scraping.query("select distinct funder from grants") == ["those who care"]


def test_notices_read_by_the_best_model_are_not_reread(scraping: Scraping, models: FakeModels) -> None:
    with_models(scraping, models, OPENAI_API_KEY=f"{KEY}-too")
    scraping.finished()
    more_rounds(scraping)
    assert len(models.requests) == 3
    assert scraping.site.not_modified >= 4


def test_a_new_model_name_rereads_all_notices(scraping: Scraping, models: FakeModels) -> None:
    data = with_models(scraping, models)
    scraping.finished()
    data.stop()
    with_models(scraping, models, GEMINI_MODEL="gemini-newer")
    more_rounds(scraping)
    assert sum("gemini-newer" in request.path for request in models.requests) == 3


def test_a_model_without_usable_answers_is_not_called_forever(scraping: Scraping, models: FakeModels) -> None:
    models.behaviours = {"gemini": "prose"}
    with_models(scraping, models)
    scraping.finished()
    more_rounds(scraping)
    assert len(models.requests) == 3
    assert readers(scraping) == ["rules"] * 3


def test_the_first_model_rereads_notices_of_the_second_when_available(scraping: Scraping, models: FakeModels) -> None:
    models.behaviours = {"gemini": "cut"}
    with_models(scraping, models, OPENAI_API_KEY=f"{KEY}-too")
    scraping.finished()
    assert readers(scraping) == ["openai"] * 3
    models.behaviours = {}
    more_rounds(scraping)
    assert readers(scraping) == ["gemini"] * 3


def test_an_unavailable_model_does_not_degrade_stored_fields(scraping: Scraping, models: FakeModels) -> None:
    data = with_models(scraping, models)
    scraping.finished()
    data.stop()
    models.behaviours = {"gemini": "cut"}
    with_models(scraping, models, GEMINI_MODEL="gemini-newer")
    more_rounds(scraping)
    assert readers(scraping) == ["gemini"] * 3
    assert scraping.query("select changed from scrape_rounds order by id desc limit 1") == ["0"]


def test_a_spent_budget_leaves_the_rest_to_the_rules_and_the_next_round(scraping: Scraping, models: FakeModels) -> None:
    data = with_models(scraping, models, EXTRACT_CENTS="0.3", SCRAPE_EVERY="300")  # two of three
    scraping.finished()
    assert set(readers(scraping)) == {"gemini", "rules"}
    data.stop()
    with_models(scraping, models, EXTRACT_CENTS="0.3")
    more_rounds(scraping)
    assert readers(scraping) == ["gemini"] * 3
