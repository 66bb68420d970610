"""Audit trail: one log line for each action that matters for security, whatever LOG_LEVEL is set to.

Read it with `mainstay logs backend-core | grep granter.audit`. A line names the action, the account's id, the address
that the request came from, and the request's id; it never contains a password, a token or an e-mail address.
"""

import logging
from uuid import UUID

from fastapi import Request

log = logging.getLogger("granter.audit")
log.setLevel(logging.INFO)


def client_of(request: Request) -> str:
    """Return the address that the request came from, as the trusted proxies report it."""
    return request.client.host if request.client else ""


def record(request: Request, action: str, account: UUID | None, *, mark: str = "") -> None:
    """Log *action*. *account* is None for a log-in to an unknown account; *mark* is then the address's pseudonym."""
    account_fields = {"account": str(account)} if account else {"account": None, "unknown_account": mark}
    log.info("%s", action, extra={"action": action, "from": client_of(request), **account_fields})
