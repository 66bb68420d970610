"""Account pages: register, log in, log out, view the account, change its password, delete it."""

import contextlib
from urllib.parse import quote

from starlette.responses import Response

from granter_web.backend import Backend, BackendUnavailable, LoggedOut, RateLimited, Rejected
from granter_web.visit import Visit
from granter_web.words import unavailable_in_words


class Accounts:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def register(self, visit: Visit) -> Response:
        if not visit.is_post:
            return visit.redirect(visit.next) if visit.logged_in else visit.page("register.html", email="", message="")
        email, password = _credentials(visit)
        try:
            await self._backend.register(email, password)
        except RateLimited as limited:
            return visit.page("register.html", status=429, wait=limited.seconds, email=email, message="")
        except BackendUnavailable as error:
            return visit.page("register.html", status=503, email=email, message=unavailable_in_words(error.seconds))
        except Rejected as rejection:
            message = rejection.message or "This address or this password cannot be used."
            return visit.page("register.html", status=422, email=email, message=message)
        try:
            visit.log_in(await self._backend.log_in(email, password))
        except (
            RateLimited,
            BackendUnavailable,
            Rejected,
        ):  # also raised where the address already had an account with another password
            visit.remember_email(email)
            return visit.redirect(f"/login?next={quote(visit.next)}", note="log in")
        return visit.redirect(visit.next, note="registered")

    async def log_in(self, visit: Visit) -> Response:
        if not visit.is_post:
            return (
                visit.redirect(visit.next)
                if visit.logged_in
                else visit.page("login.html", email=visit.email, message="")
            )
        email, password = _credentials(visit)
        try:
            visit.log_in(await self._backend.log_in(email, password))
        except RateLimited as limited:
            return visit.page("login.html", status=429, wait=limited.seconds, email=email, message="")
        except BackendUnavailable as error:
            return visit.page("login.html", status=503, email=email, message=unavailable_in_words(error.seconds))
        except Rejected:
            message = "The address or the password is wrong."
            return visit.page("login.html", status=401, email=email, message=message)
        return visit.redirect(visit.next, note="in")

    async def log_out(self, visit: Visit) -> Response:
        """Log out in this browser, even while backend-core is unreachable. A GET shows a page that asks first."""
        if not visit.is_post:
            return visit.page("logout.html") if visit.logged_in else visit.redirect("/")
        with contextlib.suppress(LoggedOut, BackendUnavailable, RateLimited, Rejected):
            await visit.as_user(lambda token: self._backend.log_out(token, visit.refresh_token()))
        visit.clear_tokens()
        return visit.redirect("/", note="out")

    async def show(self, visit: Visit) -> Response:
        account = await visit.as_user(self._backend.me)
        saved = await visit.as_user(self._backend.saved)
        return visit.page("account.html", account=account, saved=saved)

    async def log_out_everywhere(self, visit: Visit) -> Response:
        await visit.as_user(self._backend.log_out_everywhere)
        visit.clear_tokens()
        return visit.redirect("/", note="everywhere")

    async def change_password(self, visit: Visit) -> Response:
        """Set a new password. The visitor stays logged in in this browser; every other log-in ends."""
        account = await visit.as_user(self._backend.me)
        if not visit.is_post:
            return visit.page("password.html", account=account, message="")
        password, new = (_password(visit, name) for name in ("password", "new_password"))
        try:
            visit.log_in(await visit.as_user(lambda token: self._backend.change_password(token, password, new)))
        except RateLimited as limited:
            return visit.page("password.html", status=429, wait=limited.seconds, account=account, message="")
        except Rejected as rejection:
            return visit.page("password.html", status=rejection.status, account=account, message=_message(rejection))
        return visit.redirect("/account", note="password")

    async def delete(self, visit: Visit) -> Response:
        account = await visit.as_user(self._backend.me)
        saved = await visit.as_user(self._backend.saved)

        def form_page(status: int, message: str, wait: int | None = None) -> Response:
            return visit.page("delete.html", status=status, wait=wait, account=account, saved=saved, message=message)

        if not visit.is_post:
            return form_page(200, "")
        if visit.fields.get("sure") != "yes":
            return form_page(422, "Nothing was deleted: tick the box if you are sure.")
        try:
            await visit.as_user(lambda token: self._backend.delete_me(token, _password(visit, "password")))
        except RateLimited as limited:
            return form_page(429, "", limited.seconds)
        except Rejected as rejection:
            return form_page(rejection.status, f"Nothing was deleted. {_message(rejection)}")
        visit.clear_tokens()
        return visit.redirect("/", note="deleted")


def _credentials(visit: Visit) -> tuple[str, str]:
    return visit.fields.get("email", "").strip()[:320], _password(visit, "password")


def _password(visit: Visit, name: str) -> str:
    return visit.fields.get(name, "")[:1_000]


def _message(rejection: Rejected) -> str:
    """Return the message for a password that was not accepted; status 403 refers to the current password."""
    if rejection.status == 403:
        return "The password is wrong."
    return rejection.message or "This password cannot be used."
