import pytest

from kit.tests.driving import answering, ask
from mainstay_kit import SecurityHeaders, protect
from mainstay_kit.chain import Scope

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P20")]


@pytest.mark.threat("S6")
async def test_every_answer_tells_browsers_what_to_refuse() -> None:
    headers = (await ask(SecurityHeaders(answering()))).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-xss-protection"] == "0"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.threat("S4")
async def test_the_policy_works_over_plain_http_and_allows_nothing_inline() -> None:
    policy = (await ask(SecurityHeaders(answering()))).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "upgrade-insecure-requests" not in policy


@pytest.mark.requirement("E13")
async def test_hsts_is_said_over_tls_alone() -> None:
    app = SecurityHeaders(answering())
    assert "strict-transport-security" not in (await ask(app)).headers
    assert (await ask(app, scheme="https")).headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.requirement("E16")
async def test_what_the_application_says_itself_counts_and_comes_once() -> None:
    reply = await ask(SecurityHeaders(answering(headers={"X-Frame-Options": "SAMEORIGIN", "ETag": '"1"'})))
    names = [name for name, _ in reply.messages[0]["headers"]]
    assert reply.headers["x-frame-options"] == "SAMEORIGIN"
    assert len(names) == len(set(names))
    assert "cache-control" not in reply.headers


async def test_a_nonce_is_new_for_each_request_and_the_application_knows_it() -> None:
    seen: list[Scope] = []
    app = SecurityHeaders(answering(seen=seen), policy="script-src 'nonce-{nonce}'")
    policies = [(await ask(app)).headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    assert policies[1] == f"script-src 'nonce-{seen[1]['state']['nonce']}'"


async def test_a_policy_can_be_tried_out_first() -> None:
    headers = (await ask(SecurityHeaders(answering(), report_only=True))).headers
    assert "content-security-policy-report-only" in headers
    assert "content-security-policy" not in headers


async def test_a_header_can_be_changed_or_left_out() -> None:
    others = {"Referrer-Policy": "no-referrer", "x-xss-protection": None}
    headers = (await ask(SecurityHeaders(answering(), others=others))).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert "x-xss-protection" not in headers


async def test_what_other_parts_answer_has_a_nonce_as_well() -> None:
    headers = SecurityHeaders(policy="script-src 'nonce-{nonce}'")
    reply = await ask(protect(answering(), headers), "/ready")
    assert reply.status == 200
    assert "{nonce}" not in reply.headers["content-security-policy"]
