"""Searching, as the web-frontend asks for it."""

import json

from granter_services import get
from granter_town import Town


def test_every_notice_of_the_site_can_be_found(town: Town) -> None:
    assert json.loads(town.asked("/search").body)["total"] == 80


def test_a_word_finds_its_other_forms(town: Town) -> None:
    assert "Planting Community Orchards" in town.found("query=orchard")


def test_each_language_is_searched_in_its_own_way(town: Town) -> None:
    assert town.found("query=Musikschule") == ["Instrumente für Musikschulen"]
    assert "Agua limpia para comunidades rurales" in town.found("query=comunidad")
    assert "Edital Florestas Vivas" in town.found("query=floresta")
    assert "Ateliers vélo solidaires" in town.found("query=habitant")


def test_a_word_with_a_minus_is_left_out(town: Town) -> None:
    assert "Digitising Small Museums 2026" in town.found("query=museums")
    assert "Digitising Small Museums 2026" not in town.found("query=museums+-scanners")


def test_a_title_counts_more_than_a_text(town: Town) -> None:
    assert town.found("query=peatlands")[0] == "Rewetting Peatlands with Farmers"


def test_hits_are_marked_where_they_stand(town: Town) -> None:
    result = json.loads(town.asked("/search?query=lighthouse").body)["results"][0]
    assert {"text": "Lighthouses", "hit": True} in result["title_pieces"]


def test_closed_calls_come_last_and_can_be_hidden(town: Town) -> None:
    assert town.found("sort=deadline&size=50&page=2")[-1] == "Digitising Small Museums 2026"
    assert "Digitising Small Museums 2026" not in town.found("query=museums&open=1")


def test_calls_that_close_before_a_day(town: Town) -> None:
    assert town.found("query=geothermal&closes_before=2027-06-25") == ["Geothermal Heat for Small Towns"]
    assert town.found("query=geothermal&closes_before=2027-06-24") == []


def test_a_page_past_the_end_is_the_last(town: Town) -> None:
    told = json.loads(town.asked("/search?page=99").body)
    assert (told["page"], told["pages"], len(told["results"])) == (8, 8, 10)


def test_what_makes_no_sense_is_refused_with_what_would(town: Town) -> None:
    answer = town.asked("/search?sort=colour")
    assert answer.status == 422
    assert "relevance, deadline, newest" in json.loads(answer.body)["error"]["what"]


def test_words_that_look_like_sql_are_words(town: Town) -> None:
    assert town.found("query=%27%29+or+1%3D1+--") == []


def test_nobody_is_answered_without_the_token(town: Town) -> None:
    for path in ("/search", "/grants/1", "/nothing"):
        assert get(town.data.url + path).status == 401
        assert get(town.data.url + path, X_Service_Token="guessed").status == 401


def test_probes_want_no_token(town: Town) -> None:
    assert [get(town.data.url + path).status for path in ("/live", "/ready", "/health")] == [200, 200, 200]


def test_health_names_what_it_depends_on(town: Town) -> None:
    told = json.loads(get(town.data.url + "/health").body)
    assert (told["status"], told["services"]["database"]) == ("healthy", "up")


def test_a_search_by_words_uses_the_index(town: Town) -> None:
    plan = town.postgres.execute(
        town.database,
        "set enable_seqscan = off; explain select id from grants"
        " where language = 'en' and search @@ websearch_to_tsquery('english', 'ocean')",
    )
    assert "Bitmap Index Scan on grants_search" in plan
