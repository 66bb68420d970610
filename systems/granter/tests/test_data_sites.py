"""Listing sites with different layouts: the scraper finds the notices of each, given only its address."""

import importlib
import json
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import listing_sites
import pytest
from granter_deployment import rounds_ended, starting
from granter_fake_site import FakeSite
from granter_postgres import Postgres
from granter_services import TOKEN, get, until
from listing_sites.listing_site import Call, ListingSite

pytestmark = pytest.mark.requirement("Q9")

SITES = sorted(module.name for module in pkgutil.iter_modules(listing_sites.__path__) if module.name != "listing_site")
MAX_OTHER_REQUESTS = 12
"""Requests for other pages than notices: robots.txt, the pages of the listing, pages that are no notice."""


@dataclass(frozen=True)
class Visited:
    site: ListingSite
    requested: list[str]
    found: dict[str, Call]
    report: dict[str, Any]


@pytest.fixture(scope="module", params=SITES)
def visited(request: pytest.FixtureRequest, postgres: Postgres, folder: Path) -> Visited:
    """A site after one round over it alone."""
    site: ListingSite = importlib.import_module(f"listing_sites.{request.param}").SITE
    with FakeSite(site.pages, site.endless) as served, starting(folder) as start:
        database = f"site_{request.param}"
        data = start(
            "data-service",
            DATABASE_URL=postgres.database(database),
            NOTICE_SOURCES=f"funder={served.url}{site.start}",
            SERVICE_TOKEN=TOKEN,
            PAGE_PAUSE="0",
            RETRY_PAUSE="0",
        )
        until(lambda: rounds_ended(postgres, database) > 0, f"a round over {request.param}")
        report = json.loads(get(data.url + "/scrape", X_Service_Token=TOKEN).body)["sources"][0]
        rows = postgres.execute(database, "select source_url, title, coalesce(deadline::text, '') from grants")
    values = (row.split("|") for row in rows.splitlines())
    found = {url.removeprefix(served.url): Call(title, day or None) for url, title, day in values}
    return Visited(site, served.requested, found, report)


def test_exactly_the_notices_are_found_and_read(visited: Visited) -> None:
    assert visited.found == visited.site.calls


def test_the_visit_ends(visited: Visited) -> None:
    assert visited.report["state"] == "done"
    assert len(visited.requested) <= len(visited.site.calls) + MAX_OTHER_REQUESTS


def test_no_page_is_requested_twice(visited: Visited) -> None:
    assert len(visited.requested) == len(set(visited.requested))
