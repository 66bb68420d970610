"""The forms of hosts and paths that routes and redirects accept."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from mainstay.manifest.base import rule_error
from mainstay.manifest.scalars import shown

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"\*|(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._~-]*")
"""A path of characters that clients do not percent-encode, so that a request always contains it as it is written."""


def host(value: str) -> str:
    """Return the host *value* in lower case; empty for `*`. Raises PydanticCustomError when it is not a host."""
    if not HOST.fullmatch(value) or len(value) > 253:
        remedy = 'write shop.example, "*.shop.example" or "*"'
        raise rule_error("bad-host", f"{shown(value)} is not a host", remedy)
    return "" if value == "*" else value.lower()


Host = Annotated[str, AfterValidator(host), WithJsonSchema({"type": "string", "pattern": f"^({HOST.pattern})$"})]
"""A host in lower case; empty: every host."""
