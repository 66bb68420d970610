"""Unchanged notices that are read again because a better model became available."""

from collections.abc import Iterator

import pytest
from granter_fake_models import FakeModels
from granter_fake_site import FakeSite, listing
from granter_gathering import Gathering
from granter_postgres import Postgres
from granter_services import Service
from granter_town import Start

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
def gathering(postgres: Postgres, start: Start) -> Iterator[Gathering]:
    pages = {"/": listing(*SLUGS)} | {f"/{slug}": PAGE.format(slug.title()) for slug in SLUGS}
    with FakeSite(pages) as site:
        site.has_etags = True
        yield Gathering(site, postgres, start)


def readers(gathering: Gathering) -> list[str]:
    return gathering.query("select provenance -> 'funder' ->> 'by' from grants order by 1")


def with_models(gathering: Gathering, models: FakeModels, **variables: str) -> Service:
    urls = {"GEMINI_URL": models.url, "OPENAI_URL": f"{models.url}/v1", "GEMINI_API_KEY": KEY}
    return gathering.begin(every="0.1", **urls | variables)


def round_without_models(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1")
    gathering.finished()
    data.stop()
    assert readers(gathering) == ["rules"] * 3


def more_rounds(gathering: Gathering) -> None:
    gathering.finished(gathering.rounds() + 2)


def test_a_key_added_later_is_used_for_stored_notices(gathering: Gathering, models: FakeModels) -> None:
    round_without_models(gathering)
    with_models(gathering, models)
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
    assert gathering.query("select distinct funder from grants") == ["those who care"]


def test_notices_read_by_the_best_model_are_not_reread(gathering: Gathering, models: FakeModels) -> None:
    with_models(gathering, models, OPENAI_API_KEY=f"{KEY}-too")
    gathering.finished()
    more_rounds(gathering)
    assert len(models.requests) == 3
    assert gathering.site.not_modified >= 4


def test_a_new_model_name_rereads_all_notices(gathering: Gathering, models: FakeModels) -> None:
    data = with_models(gathering, models)
    gathering.finished()
    data.stop()
    with_models(gathering, models, GEMINI_MODEL="gemini-newer")
    more_rounds(gathering)
    assert sum("gemini-newer" in requests.path for requests in models.requests) == 3


def test_a_model_without_usable_answers_is_not_called_forever(gathering: Gathering, models: FakeModels) -> None:
    models.behaviours = {"gemini": "prose"}
    with_models(gathering, models)
    gathering.finished()
    more_rounds(gathering)
    assert len(models.requests) == 3
    assert readers(gathering) == ["rules"] * 3


def test_the_first_model_rereads_notices_of_the_second_when_available(gathering: Gathering, models: FakeModels) -> None:
    models.behaviours = {"gemini": "cut"}
    with_models(gathering, models, OPENAI_API_KEY=f"{KEY}-too")
    gathering.finished()
    assert readers(gathering) == ["openai"] * 3
    models.behaviours = {}
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3


def test_an_unavailable_model_does_not_degrade_stored_fields(gathering: Gathering, models: FakeModels) -> None:
    data = with_models(gathering, models)
    gathering.finished()
    data.stop()
    models.behaviours = {"gemini": "cut"}
    with_models(gathering, models, GEMINI_MODEL="gemini-newer")
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
    assert gathering.query("select changed from scrape_rounds order by id desc limit 1") == ["0"]


def test_a_spent_budget_leaves_the_rest_to_the_rules_and_the_next_round(
    gathering: Gathering, models: FakeModels
) -> None:
    data = with_models(gathering, models, EXTRACT_CENTS="0.3", SCRAPE_EVERY="300")  # two of three
    gathering.finished()
    assert set(readers(gathering)) == {"gemini", "rules"}
    data.stop()
    with_models(gathering, models, EXTRACT_CENTS="0.3")
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
