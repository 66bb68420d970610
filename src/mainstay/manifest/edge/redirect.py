"""The section of a redirect: where requests for an address that has moved are sent."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.edge.host import PLAIN_PATH, host
from mainstay.manifest.scalars import shown
from mainstay.model.redirect import Redirect

_ADDRESS = re.compile(r"(?:https?://[A-Za-z0-9_.:\[\]-]+(?=[/?#]|$)|/(?![/\\]))[!-\[\]-~]*")
"""An address without blanks, backslashes and user names, so that browsers go to exactly the host in it."""


def _from(value: str) -> str:
    if not value:
        raise rule_error("bad-host", "'from' is empty", "write a host, a path, or both: old.example/blog")
    path = _split(value)[1]
    if not PLAIN_PATH.fullmatch(path):
        what = f"the path {shown(path)} has characters that clients may encode"
        raise rule_error("not-plain-path", what, "use letters, digits and / . _ ~ -")
    return value


def _to(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        remedy = "write https://new.example/path, or /path"
        raise rule_error("bad-address", f"{shown(value)} is not an address to redirect to", remedy)
    return value


def _split(value: str) -> tuple[str, str]:
    """Return the host (empty: every host) and the path in a value of `from`."""
    name, slash, path = value.partition("/")
    return host(name) if name else "", slash + path or "/"


From = Annotated[str, AfterValidator(_from), WithJsonSchema({"type": "string"})]
To = Annotated[str, AfterValidator(_to), WithJsonSchema({"type": "string"})]


class RedirectSection(Section):
    """Requests for `from` are redirected to `to`, before any route is compared. An exact host wins over a
    wildcard, a wildcard over every host, and then the longest path wins."""

    from_: From = Field(alias="from", examples=["old.example"])
    """A host, a path, or both: `old.example`, `/blog`, `old.example/blog`. The path matches like that of a route."""

    to: To = Field(examples=["https://new.example"])
    """An address with `https://` or `http://`, or a path on the same host."""

    code: Literal[301, 302, 307, 308] = Field(default=301, examples=[308])
    """301 and 308: moved permanently, which browsers remember · 302 and 307: moved temporarily. With 307 and 308,
    clients repeat the method and the body."""

    keep_path: bool = Field(default=True, examples=[False])
    """Whether the rest of the path and the query are appended to `to`."""

    @model_validator(mode="after")
    def _can_be_followed_by_a_path(self) -> Self:
        address = urlsplit(self.to)
        if self.keep_path and (address.query or address.fragment):
            what = f"{shown(self.to)} has a query or a fragment, after which no path can be appended"
            raise rule_error("bad-address", what, "add keep_path: false")
        return self

    def to_redirect(self) -> Redirect:
        """Return the redirect for the edge."""
        return Redirect(*_split(self.from_), self.to, self.code, self.keep_path)
