"""Town: all services of GRANTER, with every notice gathered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from granter_postgres import Postgres
from granter_services import TOKEN, Answer, NotToBeHad, Service, get

Start = Callable[..., Service]


@dataclass(frozen=True)
class Town:
    """All services of GRANTER, with every notice gathered."""

    site: Service
    data: Service
    backend: Service
    web: Service
    database: str
    postgres: Postgres

    @property
    def addresses(self) -> dict[str, str]:
        """Who answers which path, as the edge's routes say it."""
        return {"/api": self.backend.url, "/": self.web.url}

    def asked(self, path: str) -> Answer:
        """The data-service's answer to one who shows the token."""
        return get(self.data.url + path, X_Service_Token=TOKEN)


def rounds_ended(postgres: Postgres, name: str) -> int:
    return int(postgres.execute(name, "select count(*) from scrape_rounds where ended is not null"))


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """What starts services; all of them are stopped at the end, the last one first."""
    running: list[Service] = []

    def begin(name: str, *, source: Path | None = None, port: int = 0, **variables: str) -> Service:
        try:
            running.append(Service(name, variables, folder, source, port))
        except NotToBeHad as missing:
            pytest.skip(str(missing))
        return running[-1]

    try:
        yield begin
    finally:
        for service in reversed(running):
            service.stop()
