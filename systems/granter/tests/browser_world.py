"""The world of the browser tests: GRANTER whole, and chromium in front of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from granter_backend import variables
from granter_postgres import Postgres
from granter_services import TOKEN, Service, until
from granter_town import rounds_ended, starting
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parent / "axe" / "axe.min.js"
PASSWORD = "four words without reason"


@dataclass(frozen=True)
class World:
    """All services of GRANTER as the manifest wires them, with every notice gathered."""

    web: Service
    core: Service
    database: str
    postgres: Postgres


@dataclass
class Watch:
    """What a page must never do: say an error on its console, fail in its script, ask another host."""

    home: str
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._failed)
        page.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        # The browser itself tells of a log-in that was refused, as the test wanted it.
        if message.type in {"error", "warning"} and "status of 401" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _failed(self, error: Error) -> None:
        self.wrong.append(f"script: {error}")

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.startswith((self.home, "data:")):
            self.wrong.append(f"asked {request.url}")


@pytest.fixture(scope="session")
def world(postgres: Postgres, folder: Path) -> Iterator[World]:
    with starting(folder) as start:
        address = postgres.database("browsed")
        site = start("notice-site").ready()
        gathering = {"NOTICE_SITE_URL": site.url, "SERVICE_TOKEN": TOKEN, "PAGE_PAUSE": "0"}
        data = start("data-service", DATABASE_URL=address, **gathering).ready()
        core = start("backend-core", **variables(address, data.url)).ready()
        web = start("web-frontend", BACKEND_URL=core.url).ready()
        until(lambda: rounds_ended(postgres, "browsed") > 0, "the first round of scraping", within=90)
        yield World(web, core, "browsed", postgres)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, headless=True)
        yield browser
        browser.close()


def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody from using *page*."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['any'][:1]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
