"""Services of GRANTER, started for a test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from granter_postgres import Postgres
from granter_services import NotAvailable, Service

Start = Callable[..., Service]


@dataclass(frozen=True)
class Granter:
    """All services of GRANTER, after the first scraping round."""

    site: Service
    data: Service
    backend: Service
    web: Service
    database: str
    postgres: Postgres

    @property
    def addresses(self) -> dict[str, str]:
        """Return the base URL of each path prefix, as routed by the edge."""
        return {"/api": self.backend.url, "/": self.web.url}


def rounds_ended(postgres: Postgres, name: str) -> int:
    return int(postgres.execute(name, "select count(*) from scrape_rounds where ended is not null"))


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Yield a function that starts services; all are stopped at the end, the last one first."""
    running: list[Service] = []

    def begin(name: str, *, source: Path | None = None, port: int = 0, **variables: str) -> Service:
        try:
            running.append(Service(name, variables, folder, source, port))
        except NotAvailable as error:
            pytest.skip(str(error))
        return running[-1]

    try:
        yield begin
    finally:
        for service in reversed(running):
            service.stop()
