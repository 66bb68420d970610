"""Forms: reading submitted forms, and protection against cross-site request forgery."""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

FIELD = "csrf"
MAX_FIELDS = 50


def mask(secret: str) -> str:
    """Return a proof of *secret*, with a new salt for each page, so that compression does not reveal its bytes."""
    salt = secrets.token_hex(16)
    return f"{salt}.{_signed(salt, secret)}"


def is_proof(proof: str, secret: str) -> bool:
    salt, _, signature = proof.partition(".")
    return bool(secret) and hmac.compare_digest(signature.encode(), _signed(salt, secret).encode())


def comes_from_our_page(request: Request, fields: Mapping[str, str], secret: str) -> bool:
    """Return whether one of our pages sent the form: it proves the cookie's *secret*; no header names another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        return False
    return is_proof(fields.get(FIELD, ""), secret)


async def fields_of(request: Request) -> dict[str, str]:
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def _signed(salt: str, secret: str) -> str:
    return hmac.new(secret.encode(), salt.encode(), "sha256").hexdigest()
