"""Accounts over HTTP: register, log in, refresh, log out, show, change the password, delete."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request, Response

from granter_core import audit
from granter_core.accounts import Account
from granter_core.parts import BearerCredentials, CurrentAccount, InjectedParts, Parts
from granter_core.problems import problems
from granter_core.requests import Confirmation, Login, Logout, PasswordChange, Refresh, Registration
from granter_core.responses import Me, Registered, TokenPair
from granter_core.words import normalise_address, normalise_password
from mainstay_kit import Problem
from mainstay_kit.tokens import Pair, TokenInvalid

auth = APIRouter(prefix="/api/auth", tags=["account"])


@auth.post("/register", status_code=201, responses=problems())
async def register(parts: InjectedParts, body: Registration) -> Registered:
    """Register an e-mail address. The response is the same whether or not the address was registered before."""
    await parts.accounts.register(body.email, await parts.passwords.hash(body.password))
    return Registered(email=body.email)


@auth.post("/login", responses=problems(401))
async def log_in(request: Request, parts: InjectedParts, body: Login) -> TokenPair:
    """Log in. An unknown address and a wrong password get the same response, in the same time."""
    email, password = normalise_address(body.email), normalise_password(body.password)
    known, correct = await _verified(parts, email, password, audit.client_of(request))
    if known is None or not correct:
        audit.record(request, "log-in failed", known[0] if known else None, mark=parts.logins.pseudonym(email))
        raise Problem(401, "address or password is wrong", headers=((b"www-authenticate", b"Bearer"),))
    account, hashed = known
    if parts.passwords.is_outdated(hashed):
        await parts.accounts.set_hash(account, await parts.passwords.hash(password))
    audit.record(request, "logged in", account)
    return _token_pair(await parts.sessions.begin(account))


@auth.post("/refresh", responses=problems(401))
async def refresh(parts: InjectedParts, body: Refresh) -> TokenPair:
    """Exchange a refresh token for a new pair of tokens. Each refresh token can be used once.

    The one used last is accepted for ten more seconds, because two browser tabs may send it at once. Any other used
    token ends the session, because two parties may have it.
    """
    return _token_pair(await parts.sessions.refresh(body.refresh_token))


@auth.post("/logout", status_code=204, responses=problems())
async def log_out(parts: InjectedParts, shown: BearerCredentials, body: Logout | None = None) -> Response:
    """End the session of the access token and that of the refresh token. Invalid tokens get the same response."""
    with suppress(TokenInvalid):
        if body is not None and body.refresh_token:
            await parts.sessions.end(body.refresh_token)
    with suppress(TokenInvalid):
        if shown is not None:
            await parts.sessions.end_of(shown.credentials)
    return Response(status_code=204)


@auth.get("/me", responses=problems(401))
async def me(parts: InjectedParts, account: CurrentAccount) -> Me:
    """Return the account that is logged in. An operator names its `id` in CURATORS to make it a curator."""
    return Me(id=account.id, email=account.email, curator=account.id in parts.curators, created_at=account.created_at)


@auth.post("/logout-everywhere", status_code=204, responses=problems(401))
async def log_out_everywhere(request: Request, parts: InjectedParts, account: CurrentAccount) -> Response:
    """End every session of the account, including this one."""
    await parts.sessions.end_all(account.id)
    audit.record(request, "logged out everywhere", account.id)
    return Response(status_code=204)


@auth.post("/password", responses=problems(401, 403))
async def change_password(
    request: Request, parts: InjectedParts, account: CurrentAccount, body: PasswordChange
) -> TokenPair:
    """Set a new password and end every session of the account. The response has the tokens of a new session."""
    await _confirm(request, parts, account, body.password, "password change refused")
    if normalise_address(body.new_password) == account.email:
        raise Problem(422, "the password must not be the address")
    await parts.accounts.set_hash(account.id, await parts.passwords.hash(body.new_password))
    await parts.sessions.end_all(account.id)
    audit.record(request, "password changed", account.id)
    return _token_pair(await parts.sessions.begin(account.id))


@auth.delete("/me", status_code=204, responses=problems(401, 403))
async def delete_me(request: Request, parts: InjectedParts, account: CurrentAccount, body: Confirmation) -> Response:
    """Delete the account and all its data; its tokens become invalid at once. The body has the password."""
    await _confirm(request, parts, account, body.password, "deletion refused")
    await parts.accounts.delete(account.id, parts.logins.pseudonym(account.email))
    audit.record(request, "account deleted", account.id)
    return Response(status_code=204)


async def _verified(parts: Parts, email: str, password: str, client: str) -> tuple[tuple[UUID, str] | None, bool]:
    """Return the id and hash of the account of *email*, None if there is none, and whether *password* is right.

    A wrong password counts as a failed log-in. Raises Problem 429 after too many of them.
    """
    attempt = await parts.logins.attempt(email, client)
    known = await parts.accounts.with_hash(email) if "\0" not in email else None
    try:
        correct = await parts.passwords.verify(known[1] if known else None, password)
    except Problem:  # too many concurrent hashes: the password was not verified, so the attempt is not counted
        await attempt.give_back()
        raise
    if correct:
        await attempt.give_back()
    else:
        parts.failed_logins.inc()
    return known, correct


async def _confirm(request: Request, parts: Parts, account: Account, password: str, refusal: str) -> None:
    """Raise Problem 403 unless *password* is the account's. A token alone, which may be stolen, is not enough."""
    _, correct = await _verified(parts, account.email, normalise_password(password), audit.client_of(request))
    if not correct:
        audit.record(request, refusal, account.id)
        raise Problem(403, "the password is wrong")


def _token_pair(pair: Pair) -> TokenPair:
    return TokenPair(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)
