"""The problems of the edge, as notes for `status` and for the commands that a problem prevents."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from mainstay.drivers.edge.haproxy.runtime_api import READ_TIMEOUT_S
from mainstay.errors import MainstayError
from mainstay.model import Note
from mainstay.model.tls import ServedCertificate

MASTER_STOPPED = "edge-master-stopped"
UNANSWERED_PROBES = 5
"""The number of unanswered probes in a row after which the supervisor replaces HAProxy."""
PROBE_EVERY_S = 1.0
"""Seconds between two probes: the supervisor probes HAProxy at each tick."""
REPLACED_AFTER_S = UNANSWERED_PROBES * (PROBE_EVERY_S + READ_TIMEOUT_S)
"""Seconds until a frozen HAProxy is replaced: each probe takes its timeout, and the next one follows after a pause."""

EXPIRY_NOTED, EXPIRY_URGENT = timedelta(days=14), timedelta(days=7)
"""The remaining lifetimes of a certificate below which its expiry is reported as a note, and as a problem."""

NOT_RUNNING = Note("edge-stopped", "HAProxy is not running, so no request is answered", "mainstay start")


def not_answering(pids: Sequence[int], *, supervised: bool = True) -> Note:
    """Return the problem that HAProxy (*pids*) does not answer.

    *supervised* is whether the supervisor runs: then it replaces HAProxy.
    """
    remedy = f"wait: the supervisor replaces it when it has not answered for about {REPLACED_AFTER_S:.0f} s"
    what = f"HAProxy (pid {', '.join(map(str, pids))}) does not answer, so requests hang"
    return Note("edge-silent", what, remedy if supervised else "mainstay start")


def stopped_master(pid: int) -> Note:
    """Return the problem that HAProxy's workers serve requests, but its master, *pid*, is stopped by a signal."""
    what = f"HAProxy's master (pid {pid}) is stopped by a signal, so changes of the edge and drains hang"
    return Note(MASTER_STOPPED, what, f"kill -CONT {pid}")


def expiring(certificate: ServedCertificate, now: datetime) -> Iterator[Note]:
    """Yield a note if *certificate* expires within 14 days of *now*; within 7 days its level is `problem`."""
    left = datetime.fromisoformat(certificate.expires) - now
    if left < EXPIRY_NOTED:
        ends = "expired" if left < timedelta() else "expires"
        what = f"the certificate for {certificate.title} {ends} on {certificate.expires[:10]}"
        remedy = "renew it: the edge uses the new files within seconds"
        yield Note("certificate-expires", what, remedy, level="problem" if left < EXPIRY_URGENT else "note")


def of(error: MainstayError | OSError) -> Note:
    """Return the problem for *error*, which an attempt to configure HAProxy raised."""
    if isinstance(error, MainstayError):
        return Note(error.code, error.what, error.remedy)
    return Note("edge-failed", f"the edge cannot be configured: {error}", "mainstay logs edge")
