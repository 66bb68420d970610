"""Scraping notices from sites that break, change and are slow."""

import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from granter_deployment import Start
from granter_fake_site import FakeSite, listing, notice
from granter_postgres import Postgres
from granter_scraping import Scraping
from granter_services import TOKEN, Service, get, until

pytestmark = pytest.mark.requirement("Q9")


@pytest.fixture
def scraping(postgres: Postgres, start: Start) -> Iterator[Scraping]:
    with FakeSite(
        {
            "/": listing("one", "two", pages=3),
            "/?page=2": listing("three", "four", pages=3),
            "/?page=3": listing("five", "six", pages=3),
        }
        | {f"/{slug}": notice(slug.title()) for slug in ("one", "two", "three", "four", "five", "six")}
    ) as site:
        yield Scraping(site, postgres, start)


def test_every_page_is_visited_once(scraping: Scraping) -> None:
    scraping.begin()
    scraping.finished()
    assert scraping.titles() == ["Five", "Four", "One", "Six", "Three", "Two"]
    assert sorted(scraping.site.requested) == sorted([*scraping.site.pages, "/?page=1", "/robots.txt"])


def test_a_failing_notice_does_not_affect_others(scraping: Scraping) -> None:
    scraping.site.broken = {"/three"}
    scraping.begin()
    scraping.finished()
    assert scraping.titles() == ["Five", "Four", "One", "Six", "Two"]


def test_a_failing_listing_page_does_not_affect_others(scraping: Scraping) -> None:
    scraping.site.broken = {"/?page=2"}
    scraping.begin()
    scraping.finished()
    assert scraping.titles() == ["Five", "One", "Six", "Two"]


def test_a_changed_notice_keeps_its_grant_id(scraping: Scraping) -> None:
    data = scraping.begin(every="0.1")
    scraping.finished()
    before = scraping.query("select id, changed from grants where title = 'Two'")
    scraping.site.pages["/one"] = notice("One, again")
    scraping.finished(scraping.rounds() + 2)
    data.stop()
    assert len(scraping.titles()) == 6
    assert "One, again" in scraping.titles()
    assert scraping.query("select id, changed from grants where title = 'Two'") == before


def test_an_interrupted_round_is_continued(scraping: Scraping) -> None:
    with scraping.site.delaying("/three"):
        data = scraping.begin()
        until(lambda: "/three" in scraping.site.requested, "the third notice")
        assert data.stop() == 0
    scraping.site.requested.clear()
    scraping.begin()
    scraping.finished()
    assert len(scraping.titles()) == 6
    assert "/one" not in scraping.site.requested


def test_one_process_scrapes_at_a_time(scraping: Scraping) -> None:
    with scraping.site.delaying("/two"):
        scraping.begin()
        until(lambda: "/two" in scraping.site.requested, "the second notice")
        other = scraping.begin().ready()
        get(other.url + "/live")
    scraping.finished()
    assert scraping.site.requested.count("/one") == 1


def test_pages_disallowed_by_robots_are_not_requested(scraping: Scraping) -> None:
    scraping.site.pages["/robots.txt"] = "User-agent: *\nDisallow: /four\n"
    scraping.begin()
    scraping.finished()
    assert "/four" not in scraping.site.requested
    assert "Four" not in scraping.titles()


def test_older_rules_never_overwrite_newer_results(scraping: Scraping) -> None:
    data = scraping.begin(every="0.1")
    scraping.finished()
    scraping.query("update grants set rules = 99, title = 'Read better' where title = 'One'")
    scraping.site.pages["/one"] = notice("Read worse")
    scraping.finished(scraping.rounds() + 2)
    data.stop()
    assert "Read better" in scraping.titles()


def test_a_site_that_becomes_available_later_is_visited(scraping: Scraping) -> None:
    scraping.site.broken = {"/"}
    data = scraping.begin().ready()
    scraping.finished()
    assert get(data.url + "/ready").status == 200
    scraping.site.broken = set()
    scraping.finished(2)
    assert len(scraping.titles()) == 6


def test_only_web_addresses_of_the_site_are_visited(scraping: Scraping) -> None:
    scraping.site.pages["/"] = listing("one") + "<li><h2><a href='http://127.0.0.1:9/x'>Another site</a></h2></li>"
    scraping.begin()
    scraping.finished()
    found = scraping.query("select source_url from grants")
    assert [re.sub(r"^.*/", "", url) for url in found] == ["one"]


def test_a_round_resumes_at_the_next_notice_after_a_kill(scraping: Scraping) -> None:
    with scraping.site.delaying("/four"):
        data = scraping.begin()
        until(lambda: "/four" in scraping.site.requested, "the fourth notice")
        data.process.send_signal(signal.SIGKILL)
        data.process.wait()
    scraping.site.requested.clear()
    scraping.begin()
    scraping.finished()
    assert len(scraping.titles()) == 6
    assert not {"/one", "/two", "/three"} & set(scraping.site.requested)
    assert scraping.query("select count(*) from rounds") == ["1"]
    assert scraping.query("select seen, added, state from scrape_rounds") == ["6|6|done"]


def test_unchanged_pages_are_not_sent_again(scraping: Scraping) -> None:
    scraping.site.has_etags = True
    data = scraping.begin(every="0.1")
    scraping.finished(2)
    until(lambda: scraping.site.not_modified >= 9, "three listing pages and six notices that were not sent")
    report = scraping.report(data)["sources"][0]
    data.stop()
    assert report["new"] == 0
    assert len(scraping.titles()) == 6


def test_a_page_is_fetched_at_the_third_try(scraping: Scraping) -> None:
    scraping.site.failing = {"/three": 2, "/?page=2": 1, "/robots.txt": 2}
    scraping.begin()
    scraping.finished()
    assert len(scraping.titles()) == 6
    assert scraping.site.requested.count("/three") == 3


def test_a_source_failing_half_way_keeps_its_results_and_others(scraping: Scraping) -> None:
    slugs = [f"n{number}" for number in range(12)]
    pages = {"/": listing(*slugs[:3], pages=3), "/?page=2": listing(*slugs[3:], pages=3)}
    with FakeSite(pages | {f"/{slug}": notice(slug.title()) for slug in slugs}) as other:
        other.broken = {f"/{slug}" for slug in slugs[4:]}
        sources = f"half={other.url}/ only={scraping.site.url}/"
        data = scraping.begin(NOTICE_SOURCES=sources)
        scraping.finished(2)
        until(lambda: scraping.report(data)["state"] == "idle", "the round")
        half, only = scraping.report(data)["sources"]
    assert (half["state"], half["notices"], half["new"]) == ("broken", 4, 4)
    assert "8 pages in a row failed" in half["error"]
    assert (only["state"], only["notices"], only["new"]) == ("done", 6, 6)
    assert len(scraping.titles()) == 10


def test_a_site_with_an_unavailable_robots_file_is_not_visited(scraping: Scraping) -> None:
    scraping.site.broken = {"/robots.txt"}
    data = scraping.begin()
    scraping.finished()
    assert set(scraping.site.requested) == {"/robots.txt"}
    assert scraping.report(data)["sources"][0]["state"] == "broken"


def test_a_text_file_is_read_like_a_page(scraping: Scraping) -> None:
    text = "The Text Grant\n\nFunder ........ Text Fund\nDeadline ...... 3 May 2027\n"
    scraping.site.pages = {"/": listing("one.txt"), "/one.txt": text}
    scraping.begin()
    scraping.finished()
    assert scraping.query("select title, funder, deadline from grants") == ["The Text Grant|Text Fund|2027-05-03"]


def withdrawn(scraping: Scraping) -> list[str]:
    return scraping.query("select title from grants where withdrawn is not null order by title")


def shown(scraping: Scraping, data: Service) -> int:
    total: int = json.loads(get(data.url + "/grants?page_size=1", X_Service_Token=TOKEN).body)["total"]
    return total


def once_more(scraping: Scraping) -> None:
    """Two rounds: the one that runs may have passed what a test changes."""
    scraping.finished(scraping.rounds() + 2)


@pytest.mark.parametrize("gone", ["the page", "the link"])
def test_a_removed_notice_is_kept_but_not_found(scraping: Scraping, gone: str) -> None:
    data = scraping.begin(every="0.1").ready()
    scraping.finished()
    if gone == "the page":
        del scraping.site.pages["/three"]
    else:
        scraping.site.pages["/?page=2"] = listing("four", pages=3)
    once_more(scraping)
    assert withdrawn(scraping) == ["Three"]
    assert len(scraping.titles()) == 6
    until(lambda: shown(scraping, data) == 5, "a search that does not find it")
    # Between two rounds a source waits.
    until(lambda: states(scraping, data) <= {"walking", "done"}, "a source that has not failed")


def states(scraping: Scraping, data: Service) -> set[str]:
    return {source["state"] for source in scraping.report(data)["sources"]}


def test_a_notice_available_again_is_found_again(scraping: Scraping) -> None:
    scraping.site.has_etags = True
    scraping.begin(every="0.1")
    scraping.finished()
    three = scraping.site.pages.pop("/three")
    once_more(scraping)
    assert withdrawn(scraping) == ["Three"]
    scraping.site.pages["/three"] = three
    once_more(scraping)
    assert withdrawn(scraping) == []


@pytest.mark.parametrize("broken", ["/?page=2", "/", "/robots.txt", "/three"])
def test_a_temporarily_failing_page_is_not_withdrawn(scraping: Scraping, broken: str) -> None:
    scraping.begin(every="0.1")
    scraping.finished()
    scraping.site.broken = {broken}
    once_more(scraping)
    assert withdrawn(scraping) == []


def test_a_suddenly_empty_listing_withdraws_nothing(scraping: Scraping) -> None:
    data = scraping.begin(every="0.1").ready()
    scraping.finished()
    scraping.site.pages = {"/": "<main><h1>We are working on our site</h1></main>"}
    once_more(scraping)
    assert withdrawn(scraping) == []
    until(lambda: "links to no notice" in str(scraping.report(data)["sources"]), "the message in the report")
    until(lambda: "links to no notice" in data.log.read_text(), "the message in the log")


def test_a_withdrawn_grant_has_its_time_of_withdrawal(scraping: Scraping) -> None:
    data = scraping.begin().ready()
    scraping.finished()
    number = scraping.query("update grants set withdrawn = now() where title = 'Two' returning id")[0]
    # backend-core and the pages read it there too.
    assert json.loads(get(f"{data.url}/grants/{number}", X_Service_Token=TOKEN).body)["withdrawn_at"]
    assert json.loads(get(f"{data.url}/suggest?query=two", X_Service_Token=TOKEN).body)["suggestions"] == []


@pytest.mark.parametrize("notices_of", ["nothing", "what was there", "no grants"])
def test_an_endless_listing_is_stopped(scraping: Scraping, notices_of: str) -> None:
    items = {"nothing": (), "what was there": ("one", "two"), "no grants": ("m{0}a", "m{0}b")}[notices_of]

    def month(path: str) -> str | None:
        if not path.startswith("/?month="):
            return "<h1>Summer party</h1><p>On 3 May 2027 at the lake.</p>" if path.startswith("/m") else None
        at = int(path.partition("=")[2])
        return listing(*(item.format(at) for item in items)) + f"<a rel=next href='/?month={at + 1}'>Next month</a>"

    with FakeSite(scraping.site.pages | {"/": listing("one") + "<a rel=next href='/?month=1'>Next</a>"}, month) as site:
        data = scraping.begin(NOTICE_SOURCES=f"only={site.url}/").ready()
        scraping.finished()
        assert len(site.requested) < 100
    report = scraping.report(data)["sources"][0]
    assert (report["state"], ", the maximum" in report["error"]) == ("done", True)


def test_a_database_outage_only_delays_a_walk(scraping: Scraping) -> None:
    with scraping.site.delaying("/three"):
        scraping.begin()
        until(lambda: "/three" in scraping.site.requested, "the third notice")
        scraping.cut_off()
    scraping.finished()
    assert len(scraping.titles()) == 6


def get_json(data: Service, path: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(get(data.url + path, X_Service_Token=TOKEN).body)
    return read


LONG = "<p>Money for lamps in reading rooms, given by those who like to read until late at night, everywhere.</p>"


def test_a_notice_at_two_addresses_is_one_grant_until_one_is_removed(scraping: Scraping) -> None:
    text = notice("Lamps").replace("</html>", f"{LONG}</html>")
    scraping.site.pages |= {"/one": text, "/five": text}
    data = scraping.begin(every="0.1").ready()
    scraping.finished(2)
    assert get_json(data, "/grants?query=lamps")["total"] == 1
    assert get_json(data, "/suggest?query=lamps")["suggestions"] == ["Lamps", "Fund of Lamps"]
    assert get_json(data, "/grants")["total"] == 5
    del scraping.site.pages["/one"]
    until(
        lambda: get_json(data, "/grants?query=lamps")["total"] == 1 and "/one" in withdrawn_urls(scraping), "the other"
    )
    assert get_json(data, "/grants")["total"] == 5


def withdrawn_urls(scraping: Scraping) -> str:
    return " ".join(scraping.query("select source_url from grants where withdrawn is not null"))


@pytest.mark.parametrize("address", ["/calls", "/calls/", "/calls/index.html"])
def test_a_start_page_listing_calls_is_not_a_grant(scraping: Scraping, address: str) -> None:
    entries = [("one", "/one"), ("two", "/two"), ("calls", address)]
    items = "".join(f"<li><h2><a href='{to}'>The {name} grant, until 3 May 2037</a></h2></li>" for name, to in entries)
    page = f"<title>Open grants</title><h1>Grants of the Fund</h1><p>Funder: Fund</p><main><ul>{items}</ul></main>"
    scraping.site.pages |= dict.fromkeys(("/calls", "/calls/", "/calls/index.html"), page)
    scraping.begin(NOTICE_SOURCES=f"only={scraping.site.url}/calls")
    scraping.finished()
    assert scraping.titles() == ["One", "Two"]


def test_a_round_without_news_reports_it(scraping: Scraping) -> None:
    data = scraping.begin(every="3").ready()
    scraping.finished(2)
    until(lambda: scraping.report(data)["summary"] == "nothing new; 6 unchanged, 1 failed", "the summary")
    until(lambda: "visited a source: nothing new" in data.log.read_text(), "the line of the log")
    assert '"new":6' in data.log.read_text()


def test_a_shorter_pause_between_rounds_takes_effect_when_the_service_starts(scraping: Scraping) -> None:
    first = scraping.begin(every="3600")
    scraping.finished()
    assert first.stop() == 0
    scraping.begin(every="0.1")
    scraping.finished(3)


def test_an_added_source_is_visited_at_startup(scraping: Scraping) -> None:
    scraping.begin().ready()
    scraping.finished()
    scraping.site.pages |= {"/more": listing("seven", "eight"), "/seven": notice("Seven"), "/eight": notice("Eight")}
    both = f"only={scraping.site.url}/ more={scraping.site.url}/more"
    data = scraping.begin(NOTICE_SOURCES=both)
    until(lambda: "Seven" in scraping.titles(), "the new source")
    until(lambda: scraping.rounds() >= 3, "the end of the round")
    assert data.process.poll() is None


def test_the_user_agent_contains_the_contact_address(scraping: Scraping) -> None:
    data = scraping.begin(CRAWLER_CONTACT="crawler@example.org").ready()
    scraping.finished()
    assert scraping.site.agents == {"GranterBot/2 (grant search; reads public notices; +crawler@example.org)"}
    assert "CRAWLER_CONTACT is not set" not in data.log.read_text()
    assert "CRAWLER_CONTACT is not set" in scraping.begin().ready().log.read_text()
