import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import SecurityHeaders, protect
from mainstay_kit.chain import Scope

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P20")]


@pytest.mark.threat("S6")
async def test_every_response_has_security_headers() -> None:
    headers = (await call(SecurityHeaders(stub_app()))).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-xss-protection"] == "0"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.threat("S4")
async def test_the_policy_works_over_plain_http_and_allows_nothing_inline() -> None:
    policy = (await call(SecurityHeaders(stub_app()))).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "upgrade-insecure-requests" not in policy


@pytest.mark.requirement("E13")
async def test_hsts_is_sent_over_tls_only() -> None:
    app = SecurityHeaders(stub_app())
    assert "strict-transport-security" not in (await call(app)).headers
    assert (await call(app, scheme="https")).headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.requirement("E16")
async def test_headers_of_the_application_take_precedence() -> None:
    reply = await call(SecurityHeaders(stub_app(headers={"X-Frame-Options": "SAMEORIGIN", "ETag": '"1"'})))
    names = [name for name, _ in reply.messages[0]["headers"]]
    assert reply.headers["x-frame-options"] == "SAMEORIGIN"
    assert len(names) == len(set(names))
    assert "cache-control" not in reply.headers


async def test_each_request_gets_a_new_nonce_visible_to_the_application() -> None:
    seen: list[Scope] = []
    app = SecurityHeaders(stub_app(seen=seen), policy="script-src 'nonce-{nonce}'")
    policies = [(await call(app)).headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    assert policies[1] == f"script-src 'nonce-{seen[1]['state']['nonce']}'"


async def test_a_policy_can_be_report_only() -> None:
    headers = (await call(SecurityHeaders(stub_app(), report_only=True))).headers
    assert "content-security-policy-report-only" in headers
    assert "content-security-policy" not in headers


async def test_a_header_can_be_changed_or_left_out() -> None:
    others = {"Referrer-Policy": "no-referrer", "x-xss-protection": None}
    headers = (await call(SecurityHeaders(stub_app(), overrides=others))).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert "x-xss-protection" not in headers


async def test_responses_of_other_parts_have_a_nonce_too() -> None:
    headers = SecurityHeaders(policy="script-src 'nonce-{nonce}'")
    reply = await call(protect(stub_app(), headers), "/ready")
    assert reply.status == 200
    assert "{nonce}" not in reply.headers["content-security-policy"]
