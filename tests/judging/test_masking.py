"""What a failed flow shows contains no secret."""

import json

import pytest

from mainstay.judging.masking import MASK, is_secret_name, masked, masked_body, masked_headers, secrets_in

TOKEN = "tok-7f3e9a"


@pytest.mark.parametrize(
    "name", ["Authorization", "password", "X-Api-Key", "refresh_token", "Set-Cookie", "clientSecret"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["Content-Type", "email", "total", "id"])
def test_other_names(name: str) -> None:
    assert not is_secret_name(name)


def test_the_values_of_secret_headers_and_keys_are_hidden() -> None:
    assert masked_headers([("Authorization", TOKEN), ("Accept", "a")]) == [("Authorization", MASK), ("Accept", "a")]
    body = json.dumps({"user": {"password": TOKEN, "email": "a@b"}, "list": [{"token": TOKEN}]}).encode()
    assert json.loads(masked_body(body)) == {"user": {"password": MASK, "email": "a@b"}, "list": [{"token": MASK}]}


def test_the_secrets_of_a_response_are_found_in_headers_cookies_and_keys() -> None:
    headers = [("set-cookie", "sid=cookie-value; Path=/; HttpOnly"), ("x", "y")]
    body = json.dumps({"token": TOKEN, "session": {"id": "inner-value"}, "total": "shown"}).encode()
    assert set(secrets_in(headers, body)) >= {"cookie-value", TOKEN, "inner-value"}
    assert "shown" not in set(secrets_in(headers, body))


@pytest.mark.parametrize(
    "text",
    [
        f"the body is {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"password={TOKEN}&a=b",
        f'"access_token": "{TOKEN}"',
    ],
)
def test_a_secret_is_hidden_wherever_it_is(text: str) -> None:
    assert TOKEN not in masked(text, {TOKEN})
    assert TOKEN not in masked(text, set()) or text.startswith("the body")


def test_a_signed_token_is_hidden_wherever_it_is() -> None:
    assert masked("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", set()) == f"got {MASK}"


def test_ordinary_text_is_kept() -> None:
    text = "GET /api/search?query=ocean: the status is 500, not 200"
    assert masked(text, {"a", ""}) == text
