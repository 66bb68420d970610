"""What people do with their account: register, log in, stay logged in, log out, look at it, delete it."""

import logging
from contextlib import suppress

from fastapi import APIRouter, Request, Response

from granter_core.asked import Login, Logout, Refresh, Registration
from granter_core.parts import Shown, WhoAsks, Wired
from granter_core.problems import problems
from granter_core.told import Me, Registered, TokenPair
from granter_core.words import one_mailbox, one_password
from mainstay_kit import Problem
from mainstay_kit.tokens import Pair, TokenInvalid

log = logging.getLogger(__name__)
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
    attempt = await parts.logins.attempt(email, request.client.host if request.client else "")
    known = await parts.accounts.with_hash(email) if "\0" not in email else None
    try:
        right = await parts.passwords.verify(known[1] if known else None, password)
    except Problem:  # too many at once: nothing was tried, so nothing counts
        await attempt.give_back()
        raise
    if known is None or not right:
        parts.failed_logins.add()
        log.info("a log-in failed", extra={"account": parts.logins.mark(email)})
        raise Problem(401, "address or password is wrong", headers=((b"www-authenticate", b"Bearer"),))
    account, hashed = known
    await attempt.give_back()
    if parts.passwords.is_outdated(hashed):
        await parts.accounts.rehash(account, await parts.passwords.hash(password))
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


@auth.delete("/me", status_code=204, responses=problems(401))
async def delete_me(parts: Wired, who: WhoAsks) -> Response:
    """Delete the account with all that is kept of it; its tokens end at once."""
    await parts.accounts.delete(who.id, parts.logins.mark(who.email))
    return Response(status_code=204)


def _told(pair: Pair) -> TokenPair:
    return TokenPair(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)
