"""Certificates as the how-to shows them: several of the operator, and one from an authority after a failure."""

import re
import ssl
from pathlib import Path

from cryptography import x509

from tests.drivers.edge.acme.pebble import pebble
from tests.drivers.edge.haproxy.certificate_writer import writer
from tests.drivers.edge.haproxy.http_load import free_port
from tests.journeys.documentation import DOCS, require_shown
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.test_how_to import Session

PAGE = "how-to/serve-https.md"
STAGING_ISSUER = "(STAGING) Let's Encrypt (STAGING) Riddling Rhubarb R12"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


def manifest_of_page(heading: str, replaced: dict[str, str]) -> str:
    """Return the first manifest below *heading* on the page, for the application of `mainstay init`.

    *replaced* are further texts of the page, each with what the test uses instead.
    """
    found = re.search(rf"^#+ {heading}.*?^```yaml\n(.*?)^```", (DOCS / PAGE).read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    text = found[1]
    for shown, here in {"https: 443": "https: auto", "[./server]": '["{python}", app.py]', **replaced}.items():
        assert shown in text
        text = text.replace(shown, here)
    return text


def test_several_certificates(sandbox: Sandbox, tmp_path: Path) -> None:
    shop = Session(sandbox, "serve-https", "shop")
    shop.type("mainstay init")
    write = writer(shop.folder)
    write("shop", "shop.example")
    write("partner", "*.partner.example")
    text = manifest_of_page("Several certificates", {"http: 80": f"http: {free_port()}", "/etc/ssl/": ""})
    shop.manifest.write_text(text)
    shop.type("mainstay up")
    require_shown(PAGE, "mainstay status | head -4", as_shown(shop.type("mainstay status | head -4"), "Example CA"))
    checked = shop.type("mainstay check", code=None)
    assert re.search(r"certificate_is_valid.*for shop\.example, from .*; for \*\.partner\.example, from ", checked)
    shop.replace("mainstay.yaml", "host: shop.example", "host: other.example")
    refused = shop.type("mainstay plan", code=2)
    assert "partner.pem is for *.partner.example, not for other.example" in refused


def test_a_certificate_from_an_authority(sandbox: Sandbox, tmp_path: Path) -> None:
    shop = Session(sandbox, "serve-https", "shop")
    shop.type("mainstay init")
    with pebble(tmp_path, free_port()) as authority:
        authority.set_dns("set-default-ipv4", ip="127.0.0.2")  # No front door is there.
        text = manifest_of_page(
            "A certificate from",
            {
                "http: 80": f"http: {authority.http_port}",
                STAGING: f"{authority.acme.directory}\n    ca: {authority.acme.ca}",
            },
        )
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
        require_shown(PAGE, "mainstay status | head -3", as_shown(status, STAGING_ISSUER))
        port = re.search(r"https://\S+:(\d+)", status)
        assert port is not None
        assert "Pebble" in issuer_at(int(port[1]))


def test_an_account_at_the_authority(sandbox: Sandbox, tmp_path: Path) -> None:
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    shop = Session(sandbox, "serve-https", "shop")
    shop.type("mainstay init")
    with pebble(tmp_path, free_port(), eab={"kid-1": key}) as authority:
        text = manifest_of_page(
            "An authority that requires",
            {
                "http: 80": f"http: {authority.http_port}",
                "https://acme.zerossl.com/v2/DV90": f"{authority.acme.directory}\n    ca: {authority.acme.ca}",
            },
        )
        shop.manifest.write_text(text)
        assert "ACME_KEY (a secret, read by edge)" in shop.type("mainstay up < /dev/null", code=2)
        typed = shop.type("mainstay secrets set ACME_KEY", typed=f"{key}\n")
        require_shown(PAGE, "mainstay secrets set ACME_KEY", typed)
        shop.type("mainstay up")
        wait_until(lambda: "Pebble" in shop.type("mainstay status", code=None), within=30, what="the certificate")
        shows = ("logs edge", "--output json plan", "secrets list", "journal export")
        seen = shop.type("; ".join(f"mainstay {command}" for command in shows))
        assert key not in seen
        assert "ACME_KEY" in seen
        shop.type("mainstay secrets set ACME_KEY", typed="another-key\n")
        assert "edge.tls.eab.key: secret ACME_KEY (version 1) → secret ACME_KEY (version 2)" in shop.type(
            "mainstay plan"
        )
    written = [path for path in sandbox.folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert written == []


def as_shown(status: str, issuer: str) -> str:
    return re.sub(r"from .*, expires \S+", f"from {issuer}, expires 2027-02-25", status)


def issuer_at(port: int) -> str:
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    return x509.load_pem_x509_certificate(pem.encode()).issuer.rfc4514_string()
