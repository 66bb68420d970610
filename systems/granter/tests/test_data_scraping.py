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
    assert sorted(gathering.site.asked) == sorted([*gathering.site.pages, "/?page=1", "/robots.txt"])


def test_a_broken_notice_loses_no_other(gathering: Gathering) -> None:
    gathering.site.broken = {"/three"}
    gathering.begin()
    gathering.finished()
    assert gathering.titles() == ["Five", "Four", "One", "Six", "Two"]


def test_a_broken_listing_page_loses_no_other(gathering: Gathering) -> None:
    gathering.site.broken = {"/?page=2"}
    gathering.begin()
    gathering.finished()
    assert gathering.titles() == ["Five", "One", "Six", "Two"]


def test_a_changed_notice_stays_the_same_grant(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1")
    gathering.finished()
    before = gathering.told("select id, changed from grants where title = 'Two'")
    gathering.site.pages["/one"] = notice("One, again")
    gathering.finished(gathering.rounds() + 2)
    data.stop()
    assert len(gathering.titles()) == 6
    assert "One, again" in gathering.titles()
    assert gathering.told("select id, changed from grants where title = 'Two'") == before


def test_a_round_that_was_cut_off_is_continued(gathering: Gathering) -> None:
    with gathering.site.holding("/three"):
        data = gathering.begin()
        until(lambda: "/three" in gathering.site.asked, "the third notice")
        assert data.stop() == 0
    gathering.site.asked.clear()
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert "/one" not in gathering.site.asked


def test_two_processes_take_turns(gathering: Gathering) -> None:
    with gathering.site.holding("/two"):
        gathering.begin()
        until(lambda: "/two" in gathering.site.asked, "the second notice")
        other = gathering.begin().ready()
        get(other.url + "/live")
    gathering.finished()
    assert gathering.site.asked.count("/one") == 1


def test_what_is_closed_to_robots_is_left_alone(gathering: Gathering) -> None:
    gathering.site.pages["/robots.txt"] = "User-agent: *\nDisallow: /four\n"
    gathering.begin()
    gathering.finished()
    assert "/four" not in gathering.site.asked
    assert "Four" not in gathering.titles()


def test_newer_rules_are_never_undone_by_older_ones(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1")
    gathering.finished()
    gathering.told("update grants set rules = 99, title = 'Read better' where title = 'One'")
    gathering.site.pages["/one"] = notice("Read worse")
    gathering.finished(gathering.rounds() + 2)
    data.stop()
    assert "Read better" in gathering.titles()


def test_a_site_that_comes_late_is_found_then(gathering: Gathering) -> None:
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
    found = gathering.told("select source_url from grants")
    assert [re.sub(r"^.*/", "", url) for url in found] == ["one"]


def test_a_round_whose_process_was_killed_goes_on_at_the_next_notice(gathering: Gathering) -> None:
    with gathering.site.holding("/four"):
        data = gathering.begin()
        until(lambda: "/four" in gathering.site.asked, "the fourth notice")
        data.process.send_signal(signal.SIGKILL)
        data.process.wait()
    gathering.site.asked.clear()
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert not {"/one", "/two", "/three"} & set(gathering.site.asked)
    assert gathering.told("select count(*) from rounds") == ["1"]
    assert gathering.told("select seen, added, state from scrape_rounds") == ["6|6|done"]


def test_what_has_not_changed_is_not_sent_again(gathering: Gathering) -> None:
    gathering.site.tagged = True
    data = gathering.begin(every="0.1")
    gathering.finished(2)
    until(lambda: gathering.site.spared >= 9, "three listing pages and six notices that were not sent")
    report = gathering.report(data)["sources"][0]
    data.stop()
    assert report["new"] == 0
    assert len(gathering.titles()) == 6


def test_a_page_that_fails_twice_is_had_the_third_time(gathering: Gathering) -> None:
    gathering.site.failing = {"/three": 2, "/?page=2": 1, "/robots.txt": 2}
    gathering.begin()
    gathering.finished()
    assert len(gathering.titles()) == 6
    assert gathering.site.asked.count("/three") == 3


def test_a_source_that_breaks_half_way_loses_neither_its_first_half_nor_the_others(
    gathering: Gathering,
) -> None:
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


def test_a_site_whose_robots_file_cannot_be_had_is_not_visited(gathering: Gathering) -> None:
    gathering.site.broken = {"/robots.txt"}
    data = gathering.begin()
    gathering.finished()
    assert set(gathering.site.asked) == {"/robots.txt"}
    assert gathering.report(data)["sources"][0]["state"] == "broken"


def test_a_text_file_is_read_like_a_page(gathering: Gathering) -> None:
    text = "The Text Grant\n\nFunder ........ Text Fund\nDeadline ...... 3 May 2027\n"
    gathering.site.pages = {"/": listing("one.txt"), "/one.txt": text}
    gathering.begin()
    gathering.finished()
    assert gathering.told("select title, funder, deadline from grants") == ["The Text Grant|Text Fund|2027-05-03"]


def withdrawn(gathering: Gathering) -> list[str]:
    return gathering.told("select title from grants where withdrawn is not null order by title")


def shown(gathering: Gathering, data: Service) -> int:
    total: int = json.loads(get(data.url + "/grants?page_size=1", X_Service_Token=TOKEN).body)["total"]
    return total


def once_more(gathering: Gathering) -> None:
    """Two rounds: the one that runs may have passed what a test changes."""
    gathering.finished(gathering.rounds() + 2)


@pytest.mark.parametrize("gone", ["the page", "the link"])
def test_a_notice_that_its_site_has_removed_is_kept_and_not_found(gathering: Gathering, gone: str) -> None:
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


def test_a_notice_that_is_there_again_is_found_again(gathering: Gathering) -> None:
    gathering.site.tagged = True
    gathering.begin(every="0.1")
    gathering.finished()
    three = gathering.site.pages.pop("/three")
    once_more(gathering)
    assert withdrawn(gathering) == ["Three"]
    gathering.site.pages["/three"] = three
    once_more(gathering)
    assert withdrawn(gathering) == []


@pytest.mark.parametrize("broken", ["/?page=2", "/", "/robots.txt", "/three"])
def test_what_a_site_cannot_show_just_now_is_not_taken_for_removed(gathering: Gathering, broken: str) -> None:
    gathering.begin(every="0.1")
    gathering.finished()
    gathering.site.broken = {broken}
    once_more(gathering)
    assert withdrawn(gathering) == []


def test_a_listing_that_leads_to_nothing_all_at_once_withdraws_nothing(gathering: Gathering) -> None:
    data = gathering.begin(every="0.1").ready()
    gathering.finished()
    gathering.site.pages = {"/": "<main><h1>We are working on our site</h1></main>"}
    once_more(gathering)
    assert withdrawn(gathering) == []
    until(lambda: "leads to no notice" in str(gathering.report(data)["sources"]), "a word about it")
    until(lambda: "leads to no notice" in data.log.read_text(), "a word about it in the log")


def test_what_the_grant_says_of_itself_tells_since_when_it_is_gone(gathering: Gathering) -> None:
    data = gathering.begin().ready()
    gathering.finished()
    number = gathering.told("update grants set withdrawn = now() where title = 'Two' returning id")[0]
    source = json.loads(get(f"{data.url}/grants/{number}", X_Service_Token=TOKEN).body)["source"]
    assert source["withdrawn_at"]
    assert json.loads(get(f"{data.url}/suggest?query=two", X_Service_Token=TOKEN).body)["suggestions"] == []


@pytest.mark.parametrize("brings", ["nothing", "what was there", "no grants"])
def test_a_listing_without_end_is_left_after_a_while(gathering: Gathering, brings: str) -> None:
    items = {"nothing": (), "what was there": ("one", "two"), "no grants": ("m{0}a", "m{0}b")}[brings]

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
        assert len(site.asked) < 100
    report = gathering.report(data)["sources"][0]
    assert (report["state"], "seems to have no end" in report["error"]) == ("done", True)


def test_a_database_that_leaves_during_a_walk_only_delays_it(gathering: Gathering) -> None:
    with gathering.site.holding("/three"):
        gathering.begin()
        until(lambda: "/three" in gathering.site.asked, "the third notice")
        gathering.cut_off()
    gathering.finished()
    assert len(gathering.titles()) == 6


def told_by(data: Service, path: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(get(data.url + path, X_Service_Token=TOKEN).body)
    return read


LONG = "<p>Money for lamps in reading rooms, given by those who like to read until late at night, everywhere.</p>"


def test_a_notice_under_two_addresses_is_one_grant_until_one_of_them_is_gone(gathering: Gathering) -> None:
    text = notice("Lamps").replace("</html>", f"{LONG}</html>")
    gathering.site.pages |= {"/one": text, "/five": text}
    data = gathering.begin(every="0.1").ready()
    gathering.finished(2)
    assert told_by(data, "/grants?query=lamps")["total"] == 1
    assert told_by(data, "/suggest?query=lamps")["suggestions"] == ["Lamps", "Fund of Lamps"]
    assert told_by(data, "/grants")["total"] == 5
    del gathering.site.pages["/one"]
    until(
        lambda: told_by(data, "/grants?query=lamps")["total"] == 1 and "/one" in withdrawn_urls(gathering), "the other"
    )
    assert told_by(data, "/grants")["total"] == 5


def withdrawn_urls(gathering: Gathering) -> str:
    return " ".join(gathering.told("select source_url from grants where withdrawn is not null"))


@pytest.mark.parametrize("address", ["/calls", "/calls/", "/calls/index.html"])
def test_a_start_page_that_lists_calls_is_no_grant(gathering: Gathering, address: str) -> None:
    entries = [("one", "/one"), ("two", "/two"), ("calls", address)]
    items = "".join(f"<li><h2><a href='{to}'>The {name} grant, until 3 May 2037</a></h2></li>" for name, to in entries)
    page = f"<title>Open grants</title><h1>Grants of the Fund</h1><p>Funder: Fund</p><main><ul>{items}</ul></main>"
    gathering.site.pages |= dict.fromkeys(("/calls", "/calls/", "/calls/index.html"), page)
    gathering.begin(NOTICE_SOURCES=f"only={gathering.site.url}/calls")
    gathering.finished()
    assert gathering.titles() == ["One", "Two"]


def test_a_round_that_finds_nothing_new_says_so(gathering: Gathering) -> None:
    data = gathering.begin(every="3").ready()
    gathering.finished(2)
    until(lambda: gathering.report(data)["summary"] == "nothing new; 6 unchanged, 1 failed", "the summary")
    until(lambda: "walked over a source: nothing new" in data.log.read_text(), "the line of the log")
    assert '"new":6' in data.log.read_text()


def test_a_shorter_pause_between_rounds_takes_effect_when_the_service_starts(gathering: Gathering) -> None:
    first = gathering.begin(every="3600")
    gathering.finished()
    assert first.stop() == 0
    gathering.begin(every="0.1")
    gathering.finished(3)


def test_a_source_that_was_added_is_visited_when_the_service_starts(gathering: Gathering) -> None:
    gathering.begin().ready()
    gathering.finished()
    gathering.site.pages |= {"/more": listing("seven", "eight"), "/seven": notice("Seven"), "/eight": notice("Eight")}
    both = f"only={gathering.site.url}/ more={gathering.site.url}/more"
    data = gathering.begin(NOTICE_SOURCES=both)
    until(lambda: "Seven" in gathering.titles(), "the new source")
    until(lambda: gathering.rounds() >= 3, "the end of the round")
    assert data.process.poll() is None


def test_the_owner_of_a_site_learns_whom_to_ask(gathering: Gathering) -> None:
    data = gathering.begin(CRAWLER_CONTACT="crawler@example.org").ready()
    gathering.finished()
    assert gathering.site.agents == {"GranterBot/2 (grant search; reads public notices; +crawler@example.org)"}
    assert "CRAWLER_CONTACT is not set" not in data.log.read_text()
    assert "CRAWLER_CONTACT is not set" in gathering.begin().ready().log.read_text()
