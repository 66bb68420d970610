"""Starting and stopping, as a release does it."""

import json
import time

import pytest
from granter_deployment import Start
from granter_fake_site import FakeSite, listing
from granter_postgres import Postgres
from granter_services import TOKEN, get, until

pytestmark = pytest.mark.requirement("P27")

GONE = "postgresql://nobody@127.0.0.1:9/nothing"


def test_the_data_service_stops_within_ten_seconds_while_a_page_hangs(postgres: Postgres, start: Start) -> None:
    with FakeSite({"/": listing("one")}) as site, site.delaying("/one"):
        variables = {"DATABASE_URL": postgres.database("hanging"), "NOTICE_SOURCES": f"one={site.url}/"}
        data = start("data-service", SERVICE_TOKEN=TOKEN, **variables).ready()
        until(lambda: "/one" in site.requested, "the page that hangs")
        assert data.stop(timeout=10) == 0


def test_the_notice_site_stops_on_sigterm(start: Start) -> None:
    assert start("notice-site").ready().stop() == 0


def test_without_its_database_the_data_service_is_live_but_unready(start: Start) -> None:
    data = start("data-service", DATABASE_URL=GONE, NOTICE_SITE_URL="http://127.0.0.1:9", SERVICE_TOKEN=TOKEN)
    until(lambda: data.responds("/live"), "/live")
    assert get(data.url + "/ready").status == 503
    checks = json.loads(get(data.url + "/health", X_Service_Token=TOKEN).body)["checks"]
    assert {check["name"]: check["status"] for check in checks} == {"database": "down", "scraper": "up"}
    refusal = get(data.url + "/grants", X_Service_Token=TOKEN)
    assert (refusal.status, refusal.headers["retry-after"]) == (503, "1")
    assert data.stop() == 0


def test_readiness_responds_within_two_seconds(start: Start) -> None:
    data = start("data-service", DATABASE_URL=GONE, NOTICE_SITE_URL="http://127.0.0.1:9", SERVICE_TOKEN=TOKEN)
    until(lambda: data.responds("/live"), "/live")
    began = time.monotonic()
    get(data.url + "/ready")
    assert time.monotonic() - began < 2


def test_without_its_secrets_the_data_service_reports_all_and_exits(start: Start) -> None:
    service = start("data-service", SERVICE_TOKEN="short")
    assert service.process.wait(10) == 2
    log = service.log.read_text()
    assert "SERVICE_TOKEN is shorter than 32 characters" in log
    assert "DATABASE_URL is missing" in log
    assert "short\n" not in log


def test_an_invalid_list_of_sources_is_refused(start: Start) -> None:
    service = start("data-service", SERVICE_TOKEN=TOKEN, DATABASE_URL=GONE, NOTICE_SOURCES="nowhere")
    assert service.process.wait(10) == 2
    assert "NOTICE_SOURCES is not a list of sources" in service.log.read_text()
