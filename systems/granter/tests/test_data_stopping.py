"""Starting and stopping, as a release does it."""

import json
import time

import pytest
from granter_fake_site import FakeSite, listing
from granter_postgres import Postgres
from granter_services import TOKEN, get, until
from granter_town import Start

pytestmark = pytest.mark.requirement("P27")

GONE = "postgresql://nobody@127.0.0.1:9/nothing"


def test_the_data_service_stops_within_ten_seconds_while_a_page_hangs(postgres: Postgres, start: Start) -> None:
    with FakeSite({"/": listing("one")}) as site, site.holding("/one"):
        variables = {"DATABASE_URL": postgres.database("hanging"), "NOTICE_SOURCES": f"one={site.url}/"}
        data = start("data-service", SERVICE_TOKEN=TOKEN, **variables).ready()
        until(lambda: "/one" in site.asked, "the page that hangs")
        assert data.stop(within=10) == 0


def test_the_notice_site_stops_when_asked(start: Start) -> None:
    assert start("notice-site").ready().stop() == 0


def test_the_data_service_lives_without_its_database_but_is_not_ready(start: Start) -> None:
    data = start("data-service", DATABASE_URL=GONE, NOTICE_SITE_URL="http://127.0.0.1:9", SERVICE_TOKEN=TOKEN)
    until(lambda: data.answers("/live"), "/live")
    assert get(data.url + "/ready").status == 503
    checks = json.loads(get(data.url + "/health", X_Service_Token=TOKEN).body)["checks"]
    assert {check["name"]: check["status"] for check in checks} == {"database": "down", "scraper": "up"}
    refusal = get(data.url + "/grants", X_Service_Token=TOKEN)
    assert (refusal.status, refusal.headers["retry-after"]) == (503, "1")
    assert data.stop() == 0


def test_readiness_is_answered_within_two_seconds_whatever_the_database_does(start: Start) -> None:
    data = start("data-service", DATABASE_URL=GONE, NOTICE_SITE_URL="http://127.0.0.1:9", SERVICE_TOKEN=TOKEN)
    until(lambda: data.answers("/live"), "/live")
    began = time.monotonic()
    get(data.url + "/ready")
    assert time.monotonic() - began < 2


def test_the_data_service_without_its_secrets_refuses_to_start_and_says_all(start: Start) -> None:
    service = start("data-service", SERVICE_TOKEN="short")
    assert service.process.wait(10) == 2
    told = service.log.read_text()
    assert "SERVICE_TOKEN is shorter than 32 characters" in told
    assert "DATABASE_URL is missing" in told
    assert "short\n" not in told


def test_a_list_of_sources_that_is_none_is_refused(start: Start) -> None:
    service = start("data-service", SERVICE_TOKEN=TOKEN, DATABASE_URL=GONE, NOTICE_SOURCES="nowhere")
    assert service.process.wait(10) == 2
    assert "NOTICE_SOURCES is no list of sources" in service.log.read_text()
