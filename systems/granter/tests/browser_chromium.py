"""Chromium, and checks that apply to every page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
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


@dataclass
class Watch:
    """Records what a page must never do: console errors, script errors, requests to other hosts."""

    home: str
    wrong: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._logged)
        page.on("pageerror", self._failed)
        page.on("request", self._requested)

    def _logged(self, message: ConsoleMessage) -> None:
        # The browser reports a refused log-in, which the test expects.
        if message.type in {"error", "warning"} and "status of 401" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _failed(self, error: Error) -> None:
        self.wrong.append(f"script: {error}")

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((self.home, "data:")):
            self.wrong.append(f"request to {request.url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, headless=True)
        yield browser
        browser.close()


def serious(page: Page) -> list[str]:
    """Return the serious and critical accessibility violations that axe-core finds on *page*."""
    page.evaluate(AXE.read_text())
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['any'][:1]}"
        for one in violations
        if one["impact"] in {"serious", "critical"}
    ]
