"""Kindly: what the kit refuses, said to people as a page instead of problem details."""

from granter_web.templating import Templates
from mainstay_kit import Answer, Exchange, Part

HTML = b"text/html"
PROBLEM = b"application/problem+json"


class Kindly(Part):
    """Stands next to the application, so that it has the last word on an error's form: our own pages stay."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        super().__init__()

    def erring(self, exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
        if exchange.probe:
            return
        said = dict(headers)
        kind = said.get(b"content-type", b"")
        if kind.startswith(HTML):
            exchange.rewrite = None
        elif kind.startswith(PROBLEM) and HTML in exchange.headers.get(b"accept", b""):
            wait = said.get(b"retry-after", b"").decode()
            exchange.rewrite = lambda status, _body: self._page(status, int(wait) if wait.isdecimal() else None)

    def _page(self, status: int, wait: int | None) -> Answer:
        page = self._templates.page("trouble.html", visit=None, trouble=status, wait=wait)
        return Answer(status, page.encode(), ((b"content-type", b"text/html; charset=utf-8"),))
