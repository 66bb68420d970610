"""Scrape a test's site: its database, and the data-services that the test starts."""

import json
from itertools import count
from typing import Any

from granter_deployment import Start, rounds_ended
from granter_fake_site import FakeSite
from granter_postgres import Postgres
from granter_services import TOKEN, Service, get, until

_NUMBERS = count(1)


class Scraping:
    """A site that a test controls, and data-services that scrape it into their own database."""

    def __init__(self, site: FakeSite, postgres: Postgres, start: Start) -> None:
        self.site = site
        self._postgres, self._start = postgres, start
        self.database = f"scraping_{next(_NUMBERS)}"
        self._address = postgres.database(self.database)

    def begin(self, every: str = "300", **variables: str) -> Service:
        defaults = {
            "DATABASE_URL": self._address,
            "NOTICE_SOURCES": f"only={self.site.url}/",
            "SERVICE_TOKEN": TOKEN,
            "SCRAPE_EVERY": every,
            "PAGE_PAUSE": "0",
            "RETRY_PAUSE": "0",
        }
        return self._start("data-service", **defaults | variables)

    def report(self, data: Service) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(get(data.url + "/scrape", X_Service_Token=TOKEN).body)
        return found

    def rounds(self) -> int:
        return rounds_ended(self._postgres, self.database)

    def finished(self, rounds: int = 1) -> None:
        until(lambda: self.rounds() >= rounds, f"{rounds} rounds over the site")

    def titles(self) -> list[str]:
        return self.query("select title from grants order by title")

    def query(self, statement: str) -> list[str]:
        return self._postgres.execute(self.database, statement).splitlines()

    def cut_off(self) -> None:
        """End all connections of the data-services to their database."""
        mine = "usename = 'granter_app' and pid <> pg_backend_pid()"
        ended = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.database}' and {mine}"
        self._postgres.execute(self.database, ended, as_role="granter_app")
