"""The service's components, created once, and the FastAPI dependencies through which request handlers get them."""

from dataclasses import dataclass
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from granter_core.accounts import Account, Accounts
from granter_core.data_service import DataService
from granter_core.saved_searches import SavedSearchRows
from granter_core.sessions import Sessions, keys_of
from granter_core.settings import Settings
from mainstay_kit import FailedLogins, Problem, Registry
from mainstay_kit.limits.in_postgres import PostgresRateStore
from mainstay_kit.metrics import Counter
from mainstay_kit.passwords import Passwords
from mainstay_kit.postgres import Postgres
from mainstay_kit.tokens import TokenInvalid

bearer = HTTPBearer(auto_error=False, description="The access token of a log-in.")
BearerCredentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


@dataclass(frozen=True, slots=True)
class Parts:
    postgres: Postgres
    passwords: Passwords
    accounts: Accounts
    sessions: Sessions
    logins: FailedLogins
    saved_searches: SavedSearchRows
    data_service: DataService
    curators: frozenset[UUID]
    failed_logins: Counter

    @classmethod
    def of(cls, settings: Settings, registry: Registry) -> Self:
        postgres = Postgres(settings.database_url, application_name="backend-core", registry=registry)
        keys = [secret for secret in (settings.jwt_secret, settings.jwt_secret_previous) if secret]
        return cls(
            postgres=postgres,
            passwords=Passwords(),
            accounts=Accounts(postgres),
            sessions=Sessions(postgres, keys_of(keys)),
            logins=FailedLogins(store=PostgresRateStore(postgres), secret=settings.jwt_secret),
            saved_searches=SavedSearchRows(postgres),
            data_service=DataService(settings.data_service_url, settings.service_token),
            curators=settings.curator_ids(),
            failed_logins=registry.counter("failed_logins_total", "Log-ins with a wrong address or password."),
        )


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


InjectedParts = Annotated[Parts, Depends(parts_of)]


async def current_account(parts: InjectedParts, credentials: BearerCredentials) -> Account:
    """Return the account of the request's access token. Raises TokenInvalid without a valid one."""
    if credentials is None:
        raise TokenInvalid("a bearer token is required")
    return await parts.sessions.account(credentials.credentials)


CurrentAccount = Annotated[Account, Depends(current_account)]


async def curator(parts: InjectedParts, account: CurrentAccount) -> Account:
    """Return the account that sent the request. Raises Problem 403 unless CURATORS names it."""
    if account.id not in parts.curators:
        raise Problem(403, "only curators may do this")
    return account


Curator = Annotated[Account, Depends(curator)]
