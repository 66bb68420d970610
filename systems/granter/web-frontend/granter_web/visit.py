"""A visit: one browser request, the visitor who sent it, and the cookies to set."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from granter_web import forms
from granter_web.asked import FILTERS
from granter_web.backend import Backend, LoggedOut
from granter_web.inside import inside, page_before
from granter_web.notes import NOTES
from granter_web.templating import Templates
from granter_web.tokens import Tokens

ACCESS, REFRESH, SECRET, NOTE = "granter_access", "granter_refresh", "granter_form", "granter_note"
ADDRESS = "granter_address"
REFRESH_SECONDS = 30 * 86_400
NOTE_SECONDS = 60
ADDRESS_SECONDS = 300
REFILLED = {"name", "query", "open", "sort", *FILTERS.values()}
T = TypeVar("T")


class Visit:
    """One request. Its cookies are HttpOnly and SameSite=Lax; over https also Secure and bound to the host by name."""

    def __init__(self, request: Request, templates: Templates, backend: Backend) -> None:
        self.request = request
        self.fields: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        self.wanted = ""
        """The page to return to after a log-in, where it is not the requested one."""
        self._templates = templates
        self._backend = backend
        self._secure = request.url.scheme == "https"
        self._becoming: dict[str, tuple[str, int | None]] = {}
        self.note = NOTES.get(self._cookie(NOTE))
        if self.note:
            self._becoming[NOTE] = ("", 0)

    @property
    def sends(self) -> bool:
        return self.request.method == "POST"

    @property
    def signed_in(self) -> bool:
        """Return whether the cookies claim a log-in; private content is always requested with the user's token."""
        return bool(self._cookie(REFRESH))

    @property
    def next(self) -> str:
        """Return the page that the visitor wanted before the log-in."""
        return inside(self.fields.get("next") or self.request.query_params.get("next", ""))

    @property
    def before(self) -> str:
        """Return the page whose form was sent, with its fields filled in as far as a query string may contain them."""
        path = page_before(self.request.url.path)
        filled = {name: said for name, said in self._sent.items() if name in REFILLED and said}
        return f"{path}?{urlencode(filled)}" if path == "/saved/new" and filled else path

    @property
    def email(self) -> str:
        """Return the e-mail address that was just registered, to fill in the log-in that follows."""
        return unquote(self._cookie(ADDRESS))

    def registered(self, email: str) -> None:
        self._becoming[ADDRESS] = (quote(email), ADDRESS_SECONDS)

    @property
    def csrf(self) -> str:
        secret = self._cookie(SECRET)
        if len(secret) < 32:
            secret = secrets.token_urlsafe(32)
            self._becoming[SECRET] = (secret, None)
        return forms.mask(secret)

    async def read_form(self) -> None:
        """Read the submitted form; a form that is not from our pages changes nothing."""
        if not self.sends:
            return
        self._sent = await forms.fields_of(self.request)
        if not forms.comes_from_our_page(self.request, self._sent, self._cookie(SECRET)):
            raise ForeignForm
        self.fields = self._sent

    async def as_user(self, ask: Callable[[str], Awaitable[T]]) -> T:
        """Return the result of *ask* with the visitor's access token, refreshed when it has expired."""
        if access := self._cookie(ACCESS):
            # An expired access token does not mean that the log-in has ended: it is refreshed below.
            with suppress(LoggedOut):
                return await ask(access)
        if not self.signed_in:
            raise LoggedOut
        tokens = await self._backend.renew(self._cookie(REFRESH))
        self.begin(tokens)
        return await ask(tokens.access)

    def enter(self, tokens: Tokens) -> None:
        """Start a log-in; a form shown before it can no longer be submitted."""
        self.begin(tokens)
        self._becoming[SECRET] = ("", 0)

    def begin(self, tokens: Tokens) -> None:
        self._becoming[ACCESS] = (tokens.access, tokens.seconds)
        self._becoming[REFRESH] = (tokens.refresh, REFRESH_SECONDS)
        if self._cookie(ADDRESS):
            self._becoming[ADDRESS] = ("", 0)

    def end(self) -> None:
        """Remove the log-in. A form still open in another tab leads to a log-in, and back."""
        self._becoming |= {ACCESS: ("", 0), REFRESH: ("", 0)}

    def refresh_token(self) -> str:
        return self._cookie(REFRESH)

    def page(self, template: str, *, status: int = 200, wait: int | None = None, **shown: object) -> Response:
        body = self._templates.page(template, visit=self, today=today(), wait=wait, **shown)
        headers = {"Retry-After": str(wait)} if wait is not None else {}
        return HTMLResponse(body, status, headers)

    def trouble(self, status: int, *, wait: int | None = None) -> Response:
        return self.page("trouble.html", status=status, wait=wait, trouble=status)

    def goes_to(self, address: str, *, note: str = "") -> Response:
        if note:
            self._becoming[NOTE] = (note, NOTE_SECONDS)
        return RedirectResponse(inside(address), 303)

    def with_cookies(self, response: Response) -> Response:
        for name, (value, seconds) in self._becoming.items():
            response.set_cookie(
                self._named(name), value, seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
            )
        return response

    def _cookie(self, name: str) -> str:
        if name in self._becoming:
            return self._becoming[name][0]
        return self.request.cookies.get(self._named(name), "")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name


class ForeignForm(Exception):
    """The submitted form was not issued to this browser by our pages."""


def today() -> date:
    return datetime.now(UTC).date()
