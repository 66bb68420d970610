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
from granter_web.backend import Backend, LoggedOut
from granter_web.internal_urls import form_page_of, internal_url
from granter_web.notes import NOTES
from granter_web.search_query import FILTERS
from granter_web.templating import Templates
from granter_web.tokens import Tokens

ACCESS, REFRESH, SECRET, NOTE = "granter_access", "granter_refresh", "granter_form", "granter_note"
ADDRESS = "granter_address"
REFRESH_SECONDS = 30 * 86_400
NOTE_SECONDS = 60
ADDRESS_SECONDS = 300
REFILLED_FIELDS = {"name", "query", "open", "sort", *FILTERS.values()}
T = TypeVar("T")


class Visit:
    """One request of a browser, the form it submits, and the cookies to set.

    Cookies are HttpOnly and SameSite=Lax; over https also Secure, and bound to the host by the prefix `__Host-`.
    """

    def __init__(self, request: Request, templates: Templates, backend: Backend) -> None:
        self.request = request
        self.fields: dict[str, str] = {}
        self._submitted: dict[str, str] = {}
        self.return_to = ""
        """The page to return to after a log-in; empty: the requested one."""
        self._templates = templates
        self._backend = backend
        self._secure = request.url.scheme == "https"
        self._new_cookies: dict[str, tuple[str, int | None]] = {}
        self.note = NOTES.get(self._cookie(NOTE))
        if self.note:
            self._new_cookies[NOTE] = ("", 0)

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"

    @property
    def logged_in(self) -> bool:
        """Return whether the browser sent a refresh token. Only backend-core knows whether a token is valid."""
        return bool(self._cookie(REFRESH))

    @property
    def next(self) -> str:
        """Return the page that the visitor wanted before the log-in."""
        return internal_url(self.fields.get("next") or self.request.query_params.get("next", ""))

    @property
    def form_page(self) -> str:
        """Return the address of the page whose form was sent; for a new saved search with the form's fields."""
        path = form_page_of(self.request.url.path)
        refilled = {name: value for name, value in self._submitted.items() if name in REFILLED_FIELDS and value}
        return f"{path}?{urlencode(refilled)}" if path == "/saved/new" and refilled else path

    @property
    def email(self) -> str:
        """Return the e-mail address that was just registered, to fill in the log-in that follows."""
        return unquote(self._cookie(ADDRESS))

    def remember_email(self, email: str) -> None:
        self._new_cookies[ADDRESS] = (quote(email), ADDRESS_SECONDS)

    @property
    def csrf(self) -> str:
        secret = self._cookie(SECRET)
        if len(secret) < 32:
            secret = secrets.token_urlsafe(32)
            self._new_cookies[SECRET] = (secret, None)
        return forms.mask(secret)

    async def read_form(self) -> None:
        """Read the submitted form, if there is one. Raises CsrfFailure when the form is not from our pages."""
        if not self.is_post:
            return
        self._submitted = await forms.fields_of(self.request)
        if not forms.comes_from_our_page(self.request, self._submitted, self._cookie(SECRET)):
            raise CsrfFailure
        self.fields = self._submitted

    async def as_user(self, call: Callable[[str], Awaitable[T]]) -> T:
        """Return the result of *call* with the visitor's access token, refreshed if it has expired.

        Raises LoggedOut when the visitor is not logged in.
        """
        if access := self._cookie(ACCESS):
            # An expired access token does not mean that the log-in has ended: it is refreshed below.
            with suppress(LoggedOut):
                return await call(access)
        if not self.logged_in:
            raise LoggedOut
        tokens = await self._backend.refresh(self._cookie(REFRESH))
        self.set_tokens(tokens)
        return await call(tokens.access)

    def log_in(self, tokens: Tokens) -> None:
        """Set the cookies of a log-in. A form that was shown before it can no longer be submitted."""
        self.set_tokens(tokens)
        self._new_cookies[SECRET] = ("", 0)

    def set_tokens(self, tokens: Tokens) -> None:
        self._new_cookies[ACCESS] = (tokens.access, tokens.seconds)
        self._new_cookies[REFRESH] = (tokens.refresh, REFRESH_SECONDS)
        if self._cookie(ADDRESS):
            self._new_cookies[ADDRESS] = ("", 0)

    def clear_tokens(self) -> None:
        """Remove the cookies of the log-in. A form that is open in another tab leads to the log-in page, and back."""
        self._new_cookies |= {ACCESS: ("", 0), REFRESH: ("", 0)}

    def refresh_token(self) -> str:
        return self._cookie(REFRESH)

    def page(self, template: str, *, status: int = 200, wait: int | None = None, **values: object) -> Response:
        body = self._templates.page(template, visit=self, today=today(), wait=wait, **values)
        headers = {"Retry-After": str(wait)} if wait is not None else {}
        return HTMLResponse(body, status, headers)

    def error_page(self, status: int, *, wait: int | None = None) -> Response:
        return self.page("error.html", status=status, wait=wait, error_status=status)

    def redirect(self, address: str, *, note: str = "") -> Response:
        if note:
            self._new_cookies[NOTE] = (note, NOTE_SECONDS)
        return RedirectResponse(internal_url(address), 303)

    def with_cookies(self, response: Response) -> Response:
        for name, (value, seconds) in self._new_cookies.items():
            response.set_cookie(
                self._cookie_name(name), value, seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
            )
        return response

    def _cookie(self, name: str) -> str:
        if name in self._new_cookies:
            return self._new_cookies[name][0]
        return self.request.cookies.get(self._cookie_name(name), "")

    def _cookie_name(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name


class CsrfFailure(Exception):
    """The submitted form was not issued to this browser by our pages."""


def today() -> date:
    return datetime.now(UTC).date()
