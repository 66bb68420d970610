"""A real browser at an https front door whose authority it trusts by the command of `mainstay edge trust`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.drivers.edge.haproxy.browser import CHROMIUM, FLAGS, MISSING
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

TLS = {"https": "auto", "tls": {"mode": "internal", "hsts": "1d"}}

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"no {' and no '.join(MISSING)}: apt-get install chromium libnss3-tools"
)


@contextmanager
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    """Run a browser with the home directory of *sandbox*, in which it keeps the authorities that its user trusts."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=FLAGS, headless=True, env={**sandbox.env}
        )
        yield chromium
        chromium.close()


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E3")
def test_a_browser_trusts_the_front_door_after_the_command_of_edge_trust(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", edge=TLS))
    https = f"https://localhost:{urlsplit(sandbox.url).port}"
    http = f"http://localhost:{http_port(sandbox)}"
    with browser(sandbox) as distrusting, pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        distrusting.new_page().goto(https)
    trust_the_authority(sandbox)
    with browser(sandbox) as trusting:
        page = trusting.new_page()
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        response = page.goto(f"{http}/?q=1")
        assert response is not None
        assert (response.status, response.url) == (200, f"{https}/?q=1")
        assert urlsplit(page.url).scheme == "https"
        assert page.inner_text("body") == "version 1"
        assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        assert response.headers["strict-transport-security"] == "max-age=86400"
        assert page.evaluate("isSecureContext")
        assert messages == []


def http_port(sandbox: Sandbox) -> str:
    """Return the port of the front door without TLS."""
    endpoints = sandbox.query("edge", "listens")["endpoints"]
    (port,) = {each["address"].rpartition(":")[2] for each in endpoints if each["what"] == "front door"} - {
        str(urlsplit(sandbox.url).port)
    }
    return str(port)


def trust_the_authority(sandbox: Sandbox) -> None:
    """Type the command that `mainstay edge trust` shows for browsers on Linux."""
    commands = sandbox.query("edge", "trust")["commands"]
    (trust,) = (each["trust"] for each in commands if each["client"].startswith("Chrome"))
    subprocess.run(["/bin/sh", "-c", trust], env=sandbox.env, check=True, capture_output=True)
