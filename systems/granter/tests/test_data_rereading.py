"""Notices that are read again although they did not change, since somebody came who reads better."""

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
        site.tagged = True
        yield Gathering(site, postgres, start)


def readers(gathering: Gathering) -> list[str]:
    return gathering.told("select provenance -> 'funder' ->> 'by' from grants order by 1")


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


def test_a_key_that_comes_later_is_used_for_what_is_there(gathering: Gathering, models: FakeModels) -> None:
    round_without_models(gathering)
    with_models(gathering, models)
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
    assert gathering.told("select distinct funder from grants") == ["those who care"]


def test_what_the_best_model_has_read_is_not_read_again(gathering: Gathering, models: FakeModels) -> None:
    with_models(gathering, models, OPENAI_API_KEY=f"{KEY}-too")
    gathering.finished()
    more_rounds(gathering)
    assert len(models.asked) == 3
    assert gathering.site.spared >= 4


def test_another_model_of_the_same_maker_reads_all_again(gathering: Gathering, models: FakeModels) -> None:
    data = with_models(gathering, models)
    gathering.finished()
    data.stop()
    with_models(gathering, models, GEMINI_MODEL="gemini-newer")
    more_rounds(gathering)
    assert sum("gemini-newer" in asked.path for asked in models.asked) == 3


def test_a_model_that_said_nothing_of_use_is_not_asked_for_ever(gathering: Gathering, models: FakeModels) -> None:
    models.behaves = {"gemini": "prose"}
    with_models(gathering, models)
    gathering.finished()
    more_rounds(gathering)
    assert len(models.asked) == 3
    assert readers(gathering) == ["rules"] * 3


def test_what_the_second_model_has_read_the_first_one_reads_when_it_is_back(
    gathering: Gathering, models: FakeModels
) -> None:
    models.behaves = {"gemini": "cut"}
    with_models(gathering, models, OPENAI_API_KEY=f"{KEY}-too")
    gathering.finished()
    assert readers(gathering) == ["openai"] * 3
    models.behaves = {}
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3


def test_a_model_that_is_away_takes_nothing_from_what_was_read(gathering: Gathering, models: FakeModels) -> None:
    data = with_models(gathering, models)
    gathering.finished()
    data.stop()
    models.behaves = {"gemini": "cut"}
    with_models(gathering, models, GEMINI_MODEL="gemini-newer")
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
    assert gathering.told("select changed from scrape_rounds order by id desc limit 1") == ["0"]


def test_money_that_ends_within_a_round_leaves_the_rest_to_the_rules_and_to_the_next(
    gathering: Gathering, models: FakeModels
) -> None:
    data = with_models(gathering, models, EXTRACT_CENTS="0.3", SCRAPE_EVERY="300")  # two of three
    gathering.finished()
    assert set(readers(gathering)) == {"gemini", "rules"}
    data.stop()
    with_models(gathering, models, EXTRACT_CENTS="0.3")
    more_rounds(gathering)
    assert readers(gathering) == ["gemini"] * 3
