"""The key `errors` of the edge: read and check the files of error pages, which are in the manifest's folder."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from mainstay.manifest.base import rule_error
from mainstay.manifest.scalars import shown
from mainstay.model.error_page import STATUSES, ErrorPage

LARGEST_BYTES = 8192
"""The most bytes of an error page: a page and its headers must fit into the 16 KB buffer of the edge."""


def _status(value: object) -> object:
    if value not in {str(status) for status in STATUSES}:
        known = ", ".join(map(str, STATUSES))
        raise rule_error("bad-status", f"{shown(value)} is not a status with a page", f"use one of: {known}")
    return value


def _page(value: str) -> str:
    if not value or value.startswith("/") or ".." in value.split("/"):
        what = f"{shown(value)} is not a file in the manifest's folder"
        raise rule_error("path-leaves", what, "write errors/404.html")
    return value


ErrorPages = Annotated[
    dict[Annotated[str, BeforeValidator(_status)], Annotated[str, AfterValidator(_page)]],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]
"""Maps each status, written as a string, to the path of an HTML file."""


class BadPage(Exception):
    """Raised for a file that cannot be an error page. `code`, `what` and `remedy` describe the mistake."""

    def __init__(self, code: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.remedy = remedy


def read_page(folder: Path, status: str, name: str) -> ErrorPage:
    """Return the error page for *status* from the file *name* in *folder*. Raises BadPage when it cannot be used."""
    try:
        content = (folder / name).read_bytes()
        text = content.decode()
    except UnicodeDecodeError:
        raise BadPage("bad-page", f"the error page {name} is not UTF-8", "save it as UTF-8") from None
    except OSError as error:
        what = f"the error page {name} cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadPage("no-file", what, "write the file, or leave this line out") from None
    if len(content) > LARGEST_BYTES:
        what = f"the error page {name} has {len(content):,} bytes, the limit is {LARGEST_BYTES:,}"
        raise BadPage("bad-page", what, "let it load pictures and styles from another address")
    text = text.replace("\r\n", "\n")
    if any(character < " " and character not in "\n\t" for character in text):
        raise BadPage("bad-page", f"the error page {name} contains control characters", "remove them")
    return ErrorPage(int(status), text)
