"""Order one certificate: log in, answer the challenges, and fetch the certificate that the authority issues."""

import logging
from datetime import datetime, timedelta

from acme.crypto_util import make_csr

from mainstay.drivers.edge.acme.account import Account
from mainstay.drivers.edge.acme.account_key import new_key
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.edge.acme.challenge import answered
from mainstay.drivers.edge.acme.obtained import Obtained

log = logging.getLogger(__name__)

CHECKED_WITHIN = timedelta(seconds=120)
ISSUED_WITHIN = timedelta(seconds=120)


def obtain(attempt: Attempt, account: Account) -> Obtained:
    """Return a new certificate for the names of *attempt*, with a new key.

    Raises what `Account.log_in` and `answered` raise, and acme.errors.Error after a timeout or a failed check.
    """
    client = account.log_in()
    key = new_key()
    order = client.new_order(make_csr(key, domains=list(attempt.names)))
    log.info("ordered a certificate for %s at %s", ", ".join(attempt.names), attempt.acme.directory)
    with answered(client, account.key, order, attempt.acme.dns):
        order = client.poll_authorizations(order, _deadline(CHECKED_WITHIN))
    order = client.finalize_order(order, _deadline(ISSUED_WITHIN))
    log.info("the authority issued the certificate")
    return Obtained(attempt.acme.directory, order.fullchain_pem.rstrip() + "\n" + key.decode())


def _deadline(within: timedelta) -> datetime:
    return datetime.now() + within  # Without a time zone: the library compares it with `datetime.now()`.
