"""Accounts over HTTP: register, log in, refresh, log out, look at the account, change its password, delete it."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request, Response

from granter_core import audit
from granter_core.accounts import Account
from granter_core.asked import Confirmation, Login, Logout, PasswordChange, Refresh, Registration
from granter_core.parts import Parts, Shown, WhoAsks, Wired
from granter_core.problems import problems
from granter_core.told import Me, Registered, TokenPair
from granter_core.words import one_mailbox, one_password
from mainstay_kit import Problem
from mainstay_kit.tokens import Pair, TokenInvalid

auth = APIRouter(prefix="/api/auth", tags=["account"])


@auth.post("/register", status_code=201, responses=problems())
async def register(parts: Wired, wanted: Registration) -> Registered:
    """Register an address. The answer is the same whether it was registered before or not."""
    await parts.accounts.register(wanted.email, await parts.passwords.hash(wanted.password))
    return Registered(email=wanted.email)


@auth.post("/login", responses=problems(401))
async def log_in(request: Request, parts: Wired, said: Login) -> TokenPair:
    """Log in. An unknown address and a wrong password are answered alike and take the same time."""
    email, password = one_mailbox(said.email), one_password(said.password)
    known, right = await _verified(parts, email, password, audit.client_of(request))
    if known is None or not right:
        audit.record(request, "log-in failed", known[0] if known else None, mark=parts.logins.pseudonym(email))
        raise Problem(401, "address or password is wrong", headers=((b"www-authenticate", b"Bearer"),))
    account, hashed = known
    if parts.passwords.is_outdated(hashed):
        await parts.accounts.set_hash(account, await parts.passwords.hash(password))
    audit.record(request, "logged in", account)
    return _told(await parts.sessions.begin(account))


@auth.post("/refresh", responses=problems(401))
async def refresh(parts: Wired, said: Refresh) -> TokenPair:
    """A new pair for a refresh token, which is spent by it.

    For ten seconds the one just spent is answered as if it were not, since two tabs are no theft. Any other spent one
    ends the session: somebody else has it too.
    """
    return _told(await parts.sessions.refresh(said.refresh_token))


@auth.post("/logout", status_code=204, responses=problems())
async def log_out(parts: Wired, shown: Shown, said: Logout | None = None) -> Response:
    """End the session that either token names. Of a token that means nothing any more nothing is told."""
    with suppress(TokenInvalid):
        if said is not None and said.refresh_token:
            await parts.sessions.end(said.refresh_token)
    with suppress(TokenInvalid):
        if shown is not None:
            await parts.sessions.end_of(shown.credentials)
    return Response(status_code=204)


@auth.get("/me", responses=problems(401))
async def me(parts: Wired, who: WhoAsks) -> Me:
    """Return the account that is logged in. An operator names its `id` in CURATORS to make it a curator."""
    return Me(id=who.id, email=who.email, curator=who.id in parts.curators, created_at=who.created_at)


@auth.post("/logout-everywhere", status_code=204, responses=problems(401))
async def log_out_everywhere(request: Request, parts: Wired, who: WhoAsks) -> Response:
    """End every session of the account, this one too."""
    await parts.sessions.end_all(who.id)
    audit.record(request, "logged out everywhere", who.id)
    return Response(status_code=204)


@auth.post("/password", responses=problems(401, 403))
async def change_password(request: Request, parts: Wired, who: WhoAsks, said: PasswordChange) -> TokenPair:
    """Set a new password. Every session of the account ends; the answer holds the tokens of a new one."""
    await _confirm(request, parts, who, said.password, "password change refused")
    if one_mailbox(said.new_password) == who.email:
        raise Problem(422, "the password must not be the address")
    await parts.accounts.set_hash(who.id, await parts.passwords.hash(said.new_password))
    await parts.sessions.end_all(who.id)
    audit.record(request, "password changed", who.id)
    return _told(await parts.sessions.begin(who.id))


@auth.delete("/me", status_code=204, responses=problems(401, 403))
async def delete_me(request: Request, parts: Wired, who: WhoAsks, said: Confirmation) -> Response:
    """Delete the account with all that is kept of it; its tokens end at once. The body holds the password."""
    await _confirm(request, parts, who, said.password, "deletion refused")
    await parts.accounts.delete(who.id, parts.logins.pseudonym(who.email))
    audit.record(request, "account deleted", who.id)
    return Response(status_code=204)


async def _verified(parts: Parts, email: str, password: str, client: str) -> tuple[tuple[UUID, str] | None, bool]:
    """Return the account of *email* with its hash, and whether *password* is right. A wrong one counts as a failure."""
    attempt = await parts.logins.attempt(email, client)
    known = await parts.accounts.with_hash(email) if "\0" not in email else None
    try:
        right = await parts.passwords.verify(known[1] if known else None, password)
    except Problem:  # too many at once: nothing was tried, so nothing counts
        await attempt.give_back()
        raise
    if right:
        await attempt.give_back()
    else:
        parts.failed_logins.inc()
    return known, right


async def _confirm(request: Request, parts: Parts, who: Account, password: str, refusal: str) -> None:
    """Raise Problem 403 unless *password* is the account's. A token alone, which may be stolen, is not enough."""
    _, right = await _verified(parts, who.email, one_password(password), audit.client_of(request))
    if not right:
        audit.record(request, refusal, who.id)
        raise Problem(403, "the password is wrong")


def _told(pair: Pair) -> TokenPair:
    return TokenPair(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)
