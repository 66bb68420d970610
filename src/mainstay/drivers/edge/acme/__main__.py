"""`python -m mainstay.drivers.edge.acme`: the program that requests one certificate.

It reads an `Attempt` from stdin as JSON. To stdout, it writes `null`, or a `Failure` if the request failed. It is a
process of its own because the library `acme` blocks, and needs memory only for a few seconds every two months.
"""

import logging
import os
import sys
import time

import msgspec

from mainstay.drivers.edge.acme.account import Account
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.edge.acme.obtained import keep_obtained
from mainstay.drivers.edge.acme.order import obtain
from mainstay.drivers.edge.acme.refusal import EXPECTED, failure_of
from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.system.file_lock import exclusive

log = logging.getLogger(__name__)


def main() -> int:
    """Run the attempt from stdin if its certificate is still due, and write the outcome. Return the exit code 0."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="certificate: %(message)s")
    attempt = msgspec.json.decode(sys.stdin.buffer.read(), type=Attempt)
    # A killed supervisor may have left a request running. Wait for its end: it may obtain the certificate.
    with exclusive(attempt.folders.obtained.with_suffix(".lock")):
        failure = None if attempt.due_at() > time.time() else request(attempt)
    sys.stdout.buffer.write(msgspec.json.encode(failure))
    return 0


def request(attempt: Attempt) -> Failure | None:
    """Request a certificate and store it. Return why the request failed, or None when it succeeded."""
    retry_after = ""
    try:
        account = Account(attempt)
        try:
            keep_obtained(attempt.folders.obtained, obtain(attempt, account))
        finally:
            retry_after = account.retry_after
    except EXPECTED as error:
        failure = failure_of(error, attempt.acme.directory, retry_after)
        log.error("%s", failure.what)
        return failure
    return None


if __name__ == "__main__":
    sys.exit(main())
