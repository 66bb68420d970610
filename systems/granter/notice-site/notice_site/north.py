"""The north site, the Open Calls Gazette: listing pages with cards, and a page for each notice."""

import json
from dataclasses import dataclass
from html import escape
from math import ceil
from pathlib import Path

from notice_site.response import HTML, TEXT, Response, not_found

HERE = Path(__file__).parent
PER_PAGE = 10
STYLE = "body{font:1rem/1.5 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"


@dataclass(frozen=True, slots=True)
class Call:
    slug: str
    title: str
    teaser: str


class North:
    def __init__(self) -> None:
        listing = HERE / "listing.json"
        self._calls = [Call(**entry) for entry in json.loads(listing.read_text(encoding="utf-8"))]
        self._changed = listing.stat().st_mtime

    def respond(self, path: list[str], query: dict[str, str]) -> Response:
        match path:
            case []:
                return Response(302, TEXT, "", location="/north/calls")
            case ["about"]:
                return self._page(
                    "About", "<p>The gazette lists open calls of many funders, as they were sent to us.</p>"
                )
            case ["calls"]:
                return self._listing(query.get("page", "1"))
            case ["calls", slug] if slug.replace("-", "").isalnum():
                return self._notice(HERE / "notices" / f"{slug}.html")
            case _:
                return not_found()

    def _notice(self, file: Path) -> Response:
        if not file.is_file():
            return not_found()
        text = file.read_text(encoding="utf-8").replace('href="/calls', 'href="/north/calls')
        return Response(200, HTML, text, changed=file.stat().st_mtime)

    def _listing(self, requested: str) -> Response:
        last = ceil(len(self._calls) / PER_PAGE)
        if not requested.isdecimal() or not 1 <= int(requested) <= last:
            return not_found("There is no such page.")
        number = int(requested)
        items = "".join(
            f'<li class="call"><h2><a href="/north/calls/{call.slug}">{escape(call.title)}</a></h2>'
            f"<p>{escape(call.teaser)}</p></li>\n"
            for call in self._calls[(number - 1) * PER_PAGE : number * PER_PAGE]
        )
        near = [n for n in range(1, last + 1) if abs(n - number) <= 2 or n in (1, last)]
        pages = " ".join(str(n) if n == number else f'<a href="/north/calls?page={n}">{n}</a>' for n in near)
        onward = f' <a rel="next" href="/north/calls?page={number + 1}">Next</a>' if number < last else ""
        return self._page("Open calls", f'<ol class="calls">\n{items}</ol>\n<p class="pagination">{pages}{onward}</p>')

    def _page(self, title: str, content: str) -> Response:
        body = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} | Open Calls Gazette</title>'
            f"<style>{STYLE}</style></head>\n<body><header><nav>"
            '<a href="/north/calls">Open calls</a> <a href="/north/about">About</a></nav></header>\n'
            f"<main><h1>{title}</h1>\n{content}</main>\n<footer>Open Calls Gazette</footer></body></html>\n"
        )
        return Response(200, HTML, body, changed=self._changed)
