"""Gathering notices from sites that break, change and are slow."""

import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from granter_fake_site import FakeSite, listing, notice
from granter_gathering import Gathering
from granter_postgres import Postgres
from granter_services import TOKEN, Service, get, until
from granter_town import Start

pytestmark = pytest.mark.requirement("Q9")


@pytest.fixture
def gathering(postgres: Postgres, start: Start) -> Iterator[Gathering]:
    with FakeSite(
        {
            "/": listing("one", "two", pages=3),
            "/?page=2": listing("three", "four", pages=3),
            "/?page=3": listing("five", "six", pages=3),
        }
        | {f"/{slug}": notice(slug.title()) for slug in ("one", "two", "three", "four", "five", "six")}
    ) as site:
        yield Gathering(site, postgres, start)


def test_every_page_is_visited_once(gathering: Gathering) -> None:
    gathering.begin()
    gathering.finished()
    assert gathering.titles() == ["Five", "Four", "One", "Six", "Three", "Two"]
    assert sorted(gathering.site.requested) == sorted([*gathering.site.pages, "/?page=1", "/robots.txt"])


def test_a_failing_notice_does_not_affect_others(gathering: Gathering) -> None:
    gathering.site.broken = {"/three"}
    gathering.begin()
    gathering.finished()
    assert gathering.titles() == ["Five", "Four", "One", "Six", "Two"]


def test_a_failing_listing_page_does_not_affect_others(gathering: Gathering) -> None:
    gathering.site.broken = {"/?page=2"}
    gathering.begin()
    gathering.finished()
    assert gathering.titles() == ["Five", "One", "Six", "Two"]


def test_a_changed_notice_keeps_its_grant_id(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1")
    gathering.finished()
    before = gathering.query("select id, changed from grants where title = 'Two'")
    gathering.site.pages["/one"] = notice("One, again")
    gathering.finished(gathering.rounds() + 2)
    data.stop()
    assert len(gathering.titles()) == 6
    assert "One, again" in gathering.titles()
    assert gathering.query("select id, changed from grants where title = 'Two'") == before


def test_an_interrupted_round_is_continued(gathering: Gathering) -> None:
    with gathering.site.delaying("/three"):
        data = gathering.begin()
        until(lambda: "/three" in gathering.site.requested, "the third notice")
        assert data.stop() == 0
    gathering.site.requested.clear()
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert "/one" not in gathering.site.requested


def test_one_process_scrapes_at_a_time(gathering: Gathering) -> None:
    with gathering.site.delaying("/two"):
        gathering.begin()
        until(lambda: "/two" in gathering.site.requested, "the second notice")
        other = gathering.begin().ready()
        get(other.url + "/live")
    gathering.finished()
    assert gathering.site.requested.count("/one") == 1


def test_pages_disallowed_by_robots_are_not_requested(gathering: Gathering) -> None:
    gathering.site.pages["/robots.txt"] = "User-agent: *\nDisallow: /four\n"
    gathering.begin()
    gathering.finished()
    assert "/four" not in gathering.site.requested
    assert "Four" not in gathering.titles()


def test_older_rules_never_overwrite_newer_results(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1")
    gathering.finished()
    gathering.query("update grants set rules = 99, title = 'Read better' where title = 'One'")
    gathering.site.pages["/one"] = notice("Read worse")
    gathering.finished(gathering.rounds() + 2)
    data.stop()
    assert "Read better" in gathering.titles()


def test_a_site_that_becomes_available_later_is_visited(gathering: Gathering) -> None:
    gathering.site.broken = {"/"}
    data = gathering.begin().ready()
    gathering.finished()
    assert get(data.url + "/ready").status == 200
    gathering.site.broken = set()
    gathering.finished(2)
    assert len(gathering.titles()) == 6


def test_only_web_addresses_of_the_site_are_visited(gathering: Gathering) -> None:
    gathering.site.pages["/"] = listing("one") + "<li><h2><a href='http://127.0.0.1:9/x'>Another site</a></h2></li>"
    gathering.begin()
    gathering.finished()
    found = gathering.query("select source_url from grants")
    assert [re.sub(r"^.*/", "", url) for url in found] == ["one"]


def test_a_round_resumes_at_the_next_notice_after_a_kill(gathering: Gathering) -> None:
    with gathering.site.delaying("/four"):
        data = gathering.begin()
        until(lambda: "/four" in gathering.site.requested, "the fourth notice")
        data.process.send_signal(signal.SIGKILL)
        data.process.wait()
    gathering.site.requested.clear()
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert not {"/one", "/two", "/three"} & set(gathering.site.requested)
    assert gathering.query("select count(*) from rounds") == ["1"]
    assert gathering.query("select seen, added, state from scrape_rounds") == ["6|6|done"]


def test_unchanged_pages_are_not_sent_again(gathering: Gathering) -> None:
    gathering.site.has_etags = True
    data = gathering.begin(every="0.1")
    gathering.finished(2)
    until(lambda: gathering.site.not_modified >= 9, "three listing pages and six notices that were not sent")
    report = gathering.report(data)["sources"][0]
    data.stop()
    assert report["new"] == 0
    assert len(gathering.titles()) == 6


def test_a_page_is_fetched_at_the_third_try(gathering: Gathering) -> None:
    gathering.site.failing = {"/three": 2, "/?page=2": 1, "/robots.txt": 2}
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert gathering.site.requested.count("/three") == 3


def test_a_source_failing_half_way_keeps_its_results_and_others(gathering: Gathering) -> None:
    slugs = [f"n{number}" for number in range(12)]
    pages = {"/": listing(*slugs[:3], pages=3), "/?page=2": listing(*slugs[3:], pages=3)}
    with FakeSite(pages | {f"/{slug}": notice(slug.title()) for slug in slugs}) as other:
        other.broken = {f"/{slug}" for slug in slugs[4:]}
        sources = f"half={other.url}/ only={gathering.site.url}/"
        data = gathering.begin(NOTICE_SOURCES=sources)
        gathering.finished(2)
        until(lambda: gathering.report(data)["state"] == "idle", "the round")
        half, only = gathering.report(data)["sources"]
    assert (half["state"], half["notices"], half["new"]) == ("broken", 4, 4)
    assert "8 pages in a row were lost" in half["error"]
    assert (only["state"], only["notices"], only["new"]) == ("done", 6, 6)
    assert len(gathering.titles()) == 10


def test_a_site_with_an_unavailable_robots_file_is_not_visited(gathering: Gathering) -> None:
    gathering.site.broken = {"/robots.txt"}
    data = gathering.begin()
    gathering.finished()
    assert set(gathering.site.requested) == {"/robots.txt"}
    assert gathering.report(data)["sources"][0]["state"] == "broken"


def test_a_text_file_is_read_like_a_page(gathering: Gathering) -> None:
    text = "The Text Grant\n\nFunder ........ Text Fund\nDeadline ...... 3 May 2027\n"
    gathering.site.pages = {"/": listing("one.txt"), "/one.txt": text}
    gathering.begin()
    gathering.finished()
    assert gathering.query("select title, funder, deadline from grants") == ["The Text Grant|Text Fund|2027-05-03"]


def withdrawn(gathering: Gathering) -> list[str]:
    return gathering.query("select title from grants where withdrawn is not null order by title")


def shown(gathering: Gathering, data: Service) -> int:
    total: int = json.loads(get(data.url + "/grants?page_size=1", X_Service_Token=TOKEN).body)["total"]
    return total


def once_more(gathering: Gathering) -> None:
    """Two rounds: the one that runs may have passed what a test changes."""
    gathering.finished(gathering.rounds() + 2)


@pytest.mark.parametrize("gone", ["the page", "the link"])
def test_a_removed_notice_is_kept_but_not_found(gathering: Gathering, gone: str) -> None:
    data = gathering.begin(every="0.1").ready()
    gathering.finished()
    if gone == "the page":
        del gathering.site.pages["/three"]
    else:
        gathering.site.pages["/?page=2"] = listing("four", pages=3)
    once_more(gathering)
    assert withdrawn(gathering) == ["Three"]
    assert len(gathering.titles()) == 6
    until(lambda: shown(gathering, data) == 5, "a search that does not find it")
    assert {source["state"] for source in gathering.report(data)["sources"]} <= {"walking", "done"}


def test_a_notice_available_again_is_found_again(gathering: Gathering) -> None:
    gathering.site.has_etags = True
    gathering.begin(every="0.1")
    gathering.finished()
    three = gathering.site.pages.pop("/three")
    once_more(gathering)
    assert withdrawn(gathering) == ["Three"]
    gathering.site.pages["/three"] = three
    once_more(gathering)
    assert withdrawn(gathering) == []


@pytest.mark.parametrize("broken", ["/?page=2", "/", "/robots.txt", "/three"])
def test_a_temporarily_failing_page_is_not_withdrawn(gathering: Gathering, broken: str) -> None:
    gathering.begin(every="0.1")
    gathering.finished()
    gathering.site.broken = {broken}
    once_more(gathering)
    assert withdrawn(gathering) == []


def test_a_suddenly_empty_listing_withdraws_nothing(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1").ready()
    gathering.finished()
    gathering.site.pages = {"/": "<main><h1>We are working on our site</h1></main>"}
    once_more(gathering)
    assert withdrawn(gathering) == []
    until(lambda: "links to no notice" in str(gathering.report(data)["sources"]), "the message in the report")
    until(lambda: "links to no notice" in data.log.read_text(), "the message in the log")


def test_a_withdrawn_grant_has_its_time_of_withdrawal(gathering: Gathering) -> None:
    data = gathering.begin().ready()
    gathering.finished()
    number = gathering.query("update grants set withdrawn = now() where title = 'Two' returning id")[0]
    source = json.loads(get(f"{data.url}/grants/{number}", X_Service_Token=TOKEN).body)["source"]
    assert source["withdrawn_at"]
    assert json.loads(get(f"{data.url}/suggest?query=two", X_Service_Token=TOKEN).body)["suggestions"] == []


@pytest.mark.parametrize("notices_of", ["nothing", "what was there", "no grants"])
def test_an_endless_listing_is_stopped(gathering: Gathering, notices_of: str) -> None:
    items = {"nothing": (), "what was there": ("one", "two"), "no grants": ("m{0}a", "m{0}b")}[notices_of]

    def month(path: str) -> str | None:
        if not path.startswith("/?month="):
            return "<h1>Summer party</h1><p>On 3 May 2027 at the lake.</p>" if path.startswith("/m") else None
        at = int(path.partition("=")[2])
        return listing(*(item.format(at) for item in items)) + f"<a rel=next href='/?month={at + 1}'>Next month</a>"

    with FakeSite(
        gathering.site.pages | {"/": listing("one") + "<a rel=next href='/?month=1'>Next</a>"}, month
    ) as site:
        data = gathering.begin(NOTICE_SOURCES=f"only={site.url}/").ready()
        gathering.finished()
        assert len(site.requested) < 100
    report = gathering.report(data)["sources"][0]
    assert (report["state"], ", the maximum" in report["error"]) == ("done", True)


def test_a_database_outage_only_delays_a_walk(gathering: Gathering) -> None:
    with gathering.site.delaying("/three"):
        gathering.begin()
        until(lambda: "/three" in gathering.site.requested, "the third notice")
        gathering.cut_off()
    gathering.finished()
    assert len(gathering.titles()) == 6


def get_json(data: Service, path: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(get(data.url + path, X_Service_Token=TOKEN).body)
    return read


LONG = "<p>Money for lamps in reading rooms, given by those who like to read until late at night, everywhere.</p>"


def test_a_notice_at_two_addresses_is_one_grant_until_one_is_removed(gathering: Gathering) -> None:
    text = notice("Lamps").replace("</html>", f"{LONG}</html>")
    gathering.site.pages |= {"/one": text, "/five": text}
    data = gathering.begin(every="0.1").ready()
    gathering.finished(2)
    assert get_json(data, "/grants?query=lamps")["total"] == 1
    assert get_json(data, "/suggest?query=lamps")["suggestions"] == ["Lamps", "Fund of Lamps"]
    assert get_json(data, "/grants")["total"] == 5
    del gathering.site.pages["/one"]
    until(
        lambda: get_json(data, "/grants?query=lamps")["total"] == 1 and "/one" in withdrawn_urls(gathering), "the other"
    )
    assert get_json(data, "/grants")["total"] == 5


def withdrawn_urls(gathering: Gathering) -> str:
    return " ".join(gathering.query("select source_url from grants where withdrawn is not null"))


@pytest.mark.parametrize("address", ["/calls", "/calls/", "/calls/index.html"])
def test_a_start_page_listing_calls_is_not_a_grant(gathering: Gathering, address: str) -> None:
    entries = [("one", "/one"), ("two", "/two"), ("calls", address)]
    items = "".join(f"<li><h2><a href='{to}'>The {name} grant, until 3 May 2037</a></h2></li>" for name, to in entries)
    page = f"<title>Open grants</title><h1>Grants of the Fund</h1><p>Funder: Fund</p><main><ul>{items}</ul></main>"
    gathering.site.pages |= dict.fromkeys(("/calls", "/calls/", "/calls/index.html"), page)
    gathering.begin(NOTICE_SOURCES=f"only={gathering.site.url}/calls")
    gathering.finished()
    assert gathering.titles() == ["One", "Two"]


def test_a_round_without_news_reports_it(gathering: Gathering) -> None:
    data = gathering.begin(every="3").ready()
    gathering.finished(2)
    until(lambda: gathering.report(data)["summary"] == "nothing new; 6 unchanged, 1 failed", "the summary")
    until(lambda: "visited a source: nothing new" in data.log.read_text(), "the line of the log")
    assert '"new":6' in data.log.read_text()


def test_a_shorter_pause_between_rounds_takes_effect_when_the_service_starts(gathering: Gathering) -> None:
    first = gathering.begin(every="3600")
    gathering.finished()
    assert first.stop() == 0
    gathering.begin(every="0.1")
    gathering.finished(3)


def test_an_added_source_is_visited_at_startup(gathering: Gathering) -> None:
    gathering.begin().ready()
    gathering.finished()
    gathering.site.pages |= {"/more": listing("seven", "eight"), "/seven": notice("Seven"), "/eight": notice("Eight")}
    both = f"only={gathering.site.url}/ more={gathering.site.url}/more"
    data = gathering.begin(NOTICE_SOURCES=both)
    until(lambda: "Seven" in gathering.titles(), "the new source")
    until(lambda: gathering.rounds() >= 3, "the end of the round")
    assert data.process.poll() is None


def test_the_user_agent_contains_the_contact_address(gathering: Gathering) -> None:
    data = gathering.begin(CRAWLER_CONTACT="crawler@example.org").ready()
    gathering.finished()
    assert gathering.site.agents == {"GranterBot/2 (grant search; reads public notices; +crawler@example.org)"}
    assert "CRAWLER_CONTACT is not set" not in data.log.read_text()
    assert "CRAWLER_CONTACT is not set" in gathering.begin().ready().log.read_text()
