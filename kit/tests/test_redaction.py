"""A secret is masked in every form in which it travels."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from mainstay_kit import Redactor

pytestmark = pytest.mark.threat("S12")
SECRET = 'h"unter/2 + Ä>>>???'
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "every sign percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded as in a path": quote,
    "percent-encoded as in a form": quote_plus,
    "hex": lambda value: value.encode().hex(),
    "hex in capitals": lambda value: value.encode().hex().upper(),
    "JSON in ASCII": lambda value: json.dumps(value)[1:-1],
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_encoding_of_a_secret_is_shown(form: Callable[[str], str]) -> None:
    assert Redactor([SECRET]).text(f"tried {form(SECRET)} once") == "tried •••• once"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", [b"", b"a", b"ab"])
@pytest.mark.parametrize("after", [b"", b"c", b"cd"])
@pytest.mark.parametrize("secret", [SECRET, f"{SECRET}x", f"{SECRET}xy"])
def test_base64_of_a_surrounding_text_is_masked_except_its_boundary_characters(
    encode: Callable[[bytes], bytes], before: bytes, after: bytes, secret: str
) -> None:
    shown = Redactor([secret]).text(encode(before + secret.encode() + after).decode())
    begins, dots, ends = shown.partition("••••")
    assert dots
    assert len(begins.rstrip("=")) <= 4
    assert len(ends.rstrip("=")) <= 4


def test_each_line_of_a_multi_line_secret_is_masked() -> None:
    key = "-----BEGIN KEY-----\nMC4CAQAwBQYD\nend\n"
    assert Redactor([key]).text("read MC4CAQAwBQYD, send") == "read ••••, send"


def test_the_longer_of_two_overlapping_secrets_is_masked_whole() -> None:
    assert Redactor(["hunter2", "hunter2-and-more"]).text("hunter2-and-more hunter2") == "•••• ••••"


def test_secrets_shorter_than_six_characters_are_not_masked() -> None:
    assert Redactor(["sesame", "seven"]).text("seven times sesame") == "seven times ••••"


def test_the_password_of_a_url_is_masked_encoded_and_decoded() -> None:
    assert Redactor(["postgresql://app:h%2fnter%32@db/app"]).text("h%2fnter%32, h/nter2") == "••••, ••••"


def test_an_invalid_url_is_masked_as_plain_text() -> None:
    assert Redactor(["http://[half"]).text("GET http://[half") == "GET ••••"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PASSWORD", 7, "••••"),
        ("Authorisation", "x", "••••"),
        ("set-cookie", "x", "••••"),
        ("session_id", "x", "••••"),
        ("note", "it is hunter2", "it is ••••"),
        ("notes", ["hunter2", ("hunter2", 3)], ["••••", ["••••", 3]]),
        ("body", {"token": "x", "count": 1.5, "none": None}, {"token": "••••", "count": 1.5, "none": None}),
        ("error", LookupError("hunter2"), "••••"),
    ],
)
def test_values_are_masked_by_name_and_by_content(name: str, value: object, shown: object) -> None:
    assert Redactor(["hunter2"]).value(name, value) == shown
