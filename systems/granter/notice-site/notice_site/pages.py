"""Pages: what the site answers at each path. Notices are files; listings are made from `listing.json`."""

import json
from dataclasses import dataclass
from html import escape
from math import ceil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).parent
PER_PAGE = 10
STYLE = "body{font:1rem/1.5 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    slug: str
    title: str
    teaser: str


def calls() -> list[Call]:
    return [Call(**entry) for entry in json.loads((HERE / "listing.json").read_text(encoding="utf-8"))]


def answer(target: str, listed: list[Call]) -> Answer:
    """The answer to GET *target*."""
    url = urlsplit(target)
    match url.path.rstrip("/").split("/")[1:]:
        case []:
            return Answer(302, "text/plain", "", location="/calls")
        case ["live" | "ready" | "health" as probe]:
            return Answer(200, "text/plain", f"{probe}\n")
        case ["robots.txt"]:
            return Answer(200, "text/plain", "User-agent: *\nDisallow: /drafts/\n")
        case ["about"]:
            return _page(200, "About", "<p>The gazette lists open calls of many funders, as they were sent to us.</p>")
        case ["calls"]:
            return _listing(listed, parse_qs(url.query).get("page", ["1"])[0])
        case ["calls", slug] if slug.replace("-", "").isalnum() and (HERE / "notices" / f"{slug}.html").is_file():
            text = (HERE / "notices" / f"{slug}.html").read_text(encoding="utf-8")
            return Answer(200, "text/html; charset=utf-8", text)
        case _:
            return _page(404, "Not found", "<p>This page does not exist, or no longer.</p>")


def _listing(listed: list[Call], wanted: str) -> Answer:
    last = ceil(len(listed) / PER_PAGE)
    if not wanted.isdecimal() or not 1 <= int(wanted) <= last:
        return _page(404, "Not found", "<p>There is no such page.</p>")
    number = int(wanted)
    items = "".join(
        f'<li class="call"><h2><a href="/calls/{call.slug}">{escape(call.title)}</a></h2>'
        f"<p>{escape(call.teaser)}</p></li>\n"
        for call in listed[(number - 1) * PER_PAGE : number * PER_PAGE]
    )
    near = [n for n in range(1, last + 1) if abs(n - number) <= 2 or n in (1, last)]
    pages = " ".join(str(n) if n == number else f'<a href="/calls?page={n}">{n}</a>' for n in near)
    onward = f' <a rel="next" href="/calls?page={number + 1}">Next</a>' if number < last else ""
    return _page(200, "Open calls", f'<ol class="calls">\n{items}</ol>\n<p class="pagination">{pages}{onward}</p>')


def _page(status: int, title: str, content: str) -> Answer:
    body = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} | Open Calls Gazette</title>'
        f"<style>{STYLE}</style></head>\n<body><header><nav>"
        '<a href="/calls">Open calls</a> <a href="/about">About</a></nav></header>\n'
        f"<main><h1>{title}</h1>\n{content}</main>\n<footer>Open Calls Gazette</footer></body></html>\n"
    )
    return Answer(status, "text/html; charset=utf-8", body)
