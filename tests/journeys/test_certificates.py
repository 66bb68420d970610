"""A certificate from an authority, as the how-to shows it: the failure of a request, then the certificate."""

import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from tests.drivers.edge.acme.pebble import Pebble, pebble
from tests.drivers.edge.haproxy.http_load import free_port
from tests.journeys.documentation import DOCS, require_shown
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.test_how_to import Session

PAGE = "how-to/serve-https.md"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


def manifest_of_page(authority: Pebble) -> str:
    """Return the manifest that the page shows, for the application of `mainstay init` and the test's authority."""
    found = re.search(
        r"^## A certificate from.*?^```yaml\n(.*?)^```", (DOCS / PAGE).read_text(), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    text = found[1]
    for shown, here in (
        ("http: 80", f"http: {authority.http_port}"),
        ("https: 443", "https: auto"),
        (STAGING, f"{authority.acme.directory}\n    ca: {authority.acme.ca}"),
        ("[./server]", '["{python}", app.py]'),
    ):
        assert shown in text
        text = text.replace(shown, here)
    return text


def test_a_certificate_from_an_authority(sandbox: Sandbox, tmp_path: Path) -> None:
    shop = Session(sandbox, "serve-https", "shop")
    shop.type("mainstay init")
    with pebble(tmp_path, free_port()) as authority:
        authority.set_dns("set-default-ipv4", ip="127.0.0.2")  # No front door is there.
        text = manifest_of_page(authority)
        shop.manifest.write_text(text.replace("edge:\n", "edge:\n  bind: 127.0.0.1\n"))
        shop.type("mainstay up")
        wait_until(
            lambda: "certificate failed" in shop.type("mainstay status", code=None), within=30, what="the failure"
        )
        failed = shop.type("mainstay status | head -2")
        reason = re.compile(r"(?<=shop\.example: ).*(?=; there is none)")
        assert "connection refused" in failed
        shown = reason.sub("Timeout during connect (likely firewall problem)", failed)
        require_shown(PAGE, "mainstay status | head -2", shown)
        assert "certificate: shop.example: " in shop.type("mainstay logs edge")
        authority.set_dns("set-default-ipv4", ip="127.0.0.1")
        assert "the certificate is requested again" in shop.type("mainstay start")
        wait_until(lambda: "Pebble" in shop.type("mainstay status", code=None), within=30, what="the certificate")
        status = shop.type("mainstay status | head -3")
        require_shown(PAGE, "mainstay status | head -3", as_shown(status))
        address = re.search(r"https://\S+", status)
        assert address is not None
        assert "Pebble" in issuer_at(address[0])


def as_shown(status: str) -> str:
    return re.sub(
        r"from .*, expires \S+",
        "from (STAGING) Let's Encrypt (STAGING) Riddling Rhubarb R12, expires 2027-02-25",
        status,
    )


def issuer_at(address: str) -> str:
    place = urlsplit(address)
    pem = ssl.get_server_certificate((place.hostname or "", place.port or 0))
    return x509.load_pem_x509_certificate(pem.encode()).issuer.rfc4514_string()
