"""The south site, a register of public calls: a table over several pages; a call is an HTML page or a PDF's text."""

import json
from dataclasses import dataclass
from html import escape
from math import ceil
from pathlib import Path

from notice_site.response import HTML, TEXT, Response, not_found

HERE = Path(__file__).parent / "south"
ROWS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    reference: str
    title: str
    file: str


class South:
    def __init__(self) -> None:
        register = HERE / "register.json"
        self._entries = [Entry(**entry) for entry in json.loads(register.read_text(encoding="utf-8"))]
        self._files = {entry.file for entry in self._entries}
        self._changed = register.stat().st_mtime

    def respond(self, path: list[str], _query: dict[str, str]) -> Response:
        match path:
            case [] | ["register"]:
                return self._register_page("1")
            case ["register", number]:
                return self._register_page(number)
            case ["call" | "papers", file] if file in self._files:
                response = HERE / "calls" / file
                kind = TEXT if file.endswith(".txt") else HTML
                return Response(200, kind, response.read_text(encoding="utf-8"), changed=response.stat().st_mtime)
            case _:
                return not_found()

    def _register_page(self, requested: str) -> Response:
        last = ceil(len(self._entries) / ROWS)
        if not requested.isdecimal() or not 1 <= int(requested) <= last:
            return not_found("There is no such sheet.")
        number = int(requested)
        rows = "".join(
            f"<tr><td>{entry.reference}<td><a href=/south/{_folder(entry.file)}/{entry.file}>{escape(entry.title)}</a>"
            f"<td>{'PDF' if entry.file.endswith('.txt') else 'page'}\n"
            for entry in self._entries[(number - 1) * ROWS : number * ROWS]
        )
        before = f"<a href=/south/register/{number - 1}>« previous</a> " if number > 1 else ""
        after = f" <a href=/south/register/{number + 1}>next »</a>" if number < last else ""
        body = (
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Register of Public Calls</title></head>\n"
            "<body bgcolor=#ffffff><table width=100%><tr><td><b>Register of Public Calls</b>"
            "<td align=right><a href=/south/>start</a> <a href=/south/internal/>staff</a></table>\n"
            f"<table border=1 class=register>\n<tr><th>No.<th>Call<th>Form\n{rows}</table>\n"
            f"<p class=pages>{before}sheet {number} of {last}{after}</p></body></html>\n"
        )
        return Response(200, HTML, body, changed=self._changed)


def _folder(file: str) -> str:
    return "papers" if file.endswith(".txt") else "call"
