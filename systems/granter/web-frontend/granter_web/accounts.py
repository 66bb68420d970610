"""Account pages: register, log in, log out, view the account, change its password, delete it."""

import contextlib
from urllib.parse import quote

from starlette.responses import Response

from granter_web.backend import Away, Backend, LoggedOut, Refused, TooMany
from granter_web.visit import Visit
from granter_web.words import away_in_words


class Accounts:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def register(self, visit: Visit) -> Response:
        if not visit.sends:
            return visit.goes_to(visit.next) if visit.signed_in else visit.page("register.html", email="", why="")
        email, password = _given(visit)
        try:
            await self._backend.register(email, password)
        except TooMany as many:
            return visit.page("register.html", status=429, wait=many.seconds, email=email, why="")
        except Away as away:
            return visit.page("register.html", status=503, email=email, why=away_in_words(away.seconds))
        except Refused as refused:
            why = refused.why or "This address or this password cannot be taken."
            return visit.page("register.html", status=422, email=email, why=why)
        try:
            visit.enter(await self._backend.log_in(email, password))
        except (TooMany, Away, Refused):  # also raised where the address already had an account with another password
            visit.registered(email)
            return visit.goes_to(f"/login?next={quote(visit.next)}", note="log in")
        return visit.goes_to(visit.next, note="registered")

    async def log_in(self, visit: Visit) -> Response:
        if not visit.sends:
            return visit.goes_to(visit.next) if visit.signed_in else visit.page("login.html", email=visit.email, why="")
        email, password = _given(visit)
        try:
            visit.enter(await self._backend.log_in(email, password))
        except TooMany as many:
            return visit.page("login.html", status=429, wait=many.seconds, email=email, why="")
        except Away as away:
            return visit.page("login.html", status=503, email=email, why=away_in_words(away.seconds))
        except Refused:
            why = "The address and the password do not belong together."
            return visit.page("login.html", status=401, email=email, why=why)
        return visit.goes_to(visit.next, note="in")

    async def log_out(self, visit: Visit) -> Response:
        """Log out of this browser, even while backend-core is unreachable; ask first if the request is a link."""
        if not visit.sends:
            return visit.page("logout.html") if visit.signed_in else visit.goes_to("/")
        with contextlib.suppress(LoggedOut, Away, TooMany, Refused):
            await visit.as_user(lambda token: self._backend.log_out(token, visit.refresh_token()))
        visit.end()
        return visit.goes_to("/", note="out")

    async def show(self, visit: Visit) -> Response:
        account = await visit.as_user(self._backend.me)
        saved = await visit.as_user(self._backend.saved)
        return visit.page("account.html", account=account, saved=saved)

    async def log_out_everywhere(self, visit: Visit) -> Response:
        await visit.as_user(self._backend.log_out_everywhere)
        visit.end()
        return visit.goes_to("/", note="everywhere")

    async def change_password(self, visit: Visit) -> Response:
        """Set a new password; the visitor stays logged in here and nowhere else."""
        account = await visit.as_user(self._backend.me)
        if not visit.sends:
            return visit.page("password.html", account=account, why="")
        password, new = (_password(visit, name) for name in ("password", "new_password"))
        try:
            visit.enter(await visit.as_user(lambda token: self._backend.change_password(token, password, new)))
        except TooMany as many:
            return visit.page("password.html", status=429, wait=many.seconds, account=account, why="")
        except Refused as refused:
            return visit.page("password.html", status=refused.status, account=account, why=_why(refused))
        return visit.goes_to("/account", note="password")

    async def delete(self, visit: Visit) -> Response:
        account = await visit.as_user(self._backend.me)
        saved = await visit.as_user(self._backend.saved)

        def again(status: int, why: str, wait: int | None = None) -> Response:
            return visit.page("delete.html", status=status, wait=wait, account=account, saved=saved, why=why)

        if not visit.sends:
            return again(200, "")
        if visit.fields.get("sure") != "yes":
            return again(422, "Nothing was deleted: tick the box if you are sure.")
        try:
            await visit.as_user(lambda token: self._backend.delete_me(token, _password(visit, "password")))
        except TooMany as many:
            return again(429, "", many.seconds)
        except Refused as refused:
            return again(refused.status, f"Nothing was deleted. {_why(refused)}")
        visit.end()
        return visit.goes_to("/", note="deleted")


def _given(visit: Visit) -> tuple[str, str]:
    return visit.fields.get("email", "").strip()[:320], _password(visit, "password")


def _password(visit: Visit, name: str) -> str:
    return visit.fields.get(name, "")[:1_000]


def _why(refused: Refused) -> str:
    """Return the message for a password that was not accepted; status 403 refers to the current password."""
    if refused.status == 403:
        return "The password is wrong."
    return refused.why or "This password cannot be used."
