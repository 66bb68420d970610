"""Accounts: register, log in, sign out, look at one's account and delete it."""

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
        visit.registered(email)
        return visit.goes_to(f"/login?next={quote(visit.next)}", note="registered")

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
        """Asks first when somebody only followed a link; signs out of this browser even while backend-core is away."""
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

    async def delete(self, visit: Visit) -> Response:
        account = await visit.as_user(self._backend.me)
        if not visit.sends or visit.fields.get("sure") != "yes":
            saved = await visit.as_user(self._backend.saved)
            return visit.page("delete.html", account=account, saved=saved, unsure=visit.sends)
        await visit.as_user(self._backend.delete_me)
        visit.end()
        return visit.goes_to("/", note="deleted")


def _given(visit: Visit) -> tuple[str, str]:
    return visit.fields.get("email", "").strip()[:320], visit.fields.get("password", "")[:1_000]
