"""Count requests by outcome and latency, from the lines of the access log and from HAProxy's own counters."""

import math
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

import msgspec

from mainstay.drivers.edge.haproxy.access_lines import ENTRIES, AccessLogEntry
from mainstay.drivers.edge.haproxy.slots import Slot
from mainstay.model.signals import LATE_S, PREVIEW, Counts, Latency, Signals, SignalSource, bucket_of

BUSY_SHARE = 0.25
"""The fraction of each second that counting may take. Further lines are skipped and counted as lost."""
REMEMBERED_S = 60.0
"""Seconds for which a state of the counters is remembered."""
REMEMBERED_EACH_S = 5.0
"""Seconds from one remembered state of the counters to the next."""
MOST_SOURCES = 500
"""The largest number of sources (service, release, instance and route) with counters. A further source replaces one
with the lowest release number."""
_BUCKETS = [bucket_of(milliseconds) for milliseconds in range(10_000)]


class _Counter:
    """The counts of one source, to which each request is added in place."""

    __slots__ = ("aborted", "buckets", "client_errors", "errors", "late", "redirects", "refused", "requests")

    def __init__(self) -> None:
        self.requests = self.errors = self.client_errors = self.redirects = 0
        self.refused = self.aborted = self.late = 0
        self.buckets: dict[int, int] = {}

    def add(self, line: AccessLogEntry) -> None:
        """Count a request by its status and its termination state.

        The termination state, `ended`, has a letter for the side that ended the request, then one for the phase.
        A request that the client aborted is not counted as an error. If the client was waiting for the response, the
        request counts in the latency, because clients of a slow release give up.
        """
        by, phase = line.ended[:1], line.ended[1:2]
        if by in "Cc":
            self.aborted += 1
            if phase != "H":
                return
            milliseconds = line.total_ms
        else:
            self.requests += 1
            if line.status >= 500 or by in "Ss":
                self.errors += 1
            elif line.status >= 400:
                self.client_errors += 1
            elif line.status >= 300 and line.status != HTTPStatus.NOT_MODIFIED:
                self.redirects += 1
            milliseconds = line.queue_ms + line.connect_ms + line.answer_ms if line.answer_ms >= 0 else line.total_ms
        bucket = _BUCKETS[milliseconds] if 0 <= milliseconds < len(_BUCKETS) else bucket_of(milliseconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: "_Counter") -> None:
        """Add the counts of *other*."""
        self.requests += other.requests
        self.errors += other.errors
        self.refused += other.refused
        self.aborted += other.aborted
        self.client_errors += other.client_errors
        self.redirects += other.redirects
        self.late += other.late
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def counts(self) -> Counts:
        return Counts(
            requests=self.requests,
            errors=self.errors,
            refused=self.refused,
            aborted=self.aborted,
            latency=Latency(dict(sorted(self.buckets.items()))),
            client_errors=self.client_errors,
            redirects=self.redirects,
            late=self.late,
        )


class SignalCounter:
    """Counts requests by service, release, instance and route, for at most `MOST_SOURCES` of these combinations."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._epoch = uuid.uuid4().hex
        self._counters: dict[SignalSource, _Counter] = {}
        self._by_line: dict[tuple[str, str, str, str, str], _Counter] = {}
        """A cache of the counters by the fields of a line that determine its source."""
        self._slots: dict[str, Slot] = {}
        """The slots that have an instance, by server name."""
        self._lost = 0
        self._second, self._busy_s = 0, 0.0
        self.active = False
        """Whether lines have arrived since the failed attempts were last counted."""
        self._failed: dict[str, int] = {}
        self._worker = ""
        self._late: Mapping[str, str] = {}
        """The late requests at the last `add_late`."""
        self._late_at_s = -math.inf
        self._past: deque[Signals] = deque(maxlen=round(REMEMBERED_S / REMEMBERED_EACH_S) + 1)

    def place(self, slots: Iterable[Slot]) -> None:
        """Set which instance is in which slot. The counts of instances without a slot are added to their release."""
        placed = {slot.server: slot for slot in slots if slot.instance}
        if placed == self._slots:
            return
        self._slots = placed
        self._by_line.clear()
        present = {slot.instance for slot in self._slots.values()}
        for source in [each for each in self._counters if each.instance and each.instance not in present]:
            self._counter(msgspec.structs.replace(source, instance="")).merge(self._counters.pop(source))

    def add(self, lines: bytes) -> None:
        """Count complete *lines* of the log; skip them when counting has taken `BUSY_SHARE` of this second."""
        began, self.active = self._clock(), True
        if int(began) != self._second:
            self._second, self._busy_s = int(began), 0.0
        if self._busy_s > BUSY_SHARE:
            self._lost += lines.count(b"\n")
            return
        for line in lines.splitlines():
            try:
                found = ENTRIES.decode(line)
            except msgspec.DecodeError:
                self._lost += 1
            else:
                self._of(found).add(found)
        self._busy_s += self._clock() - began

    def add_lost(self, count: int) -> None:
        """Add *count*, the number of lines that HAProxy has dropped, to the lost lines."""
        self._lost += count

    def add_failures(self, worker: str, failed: Mapping[str, int]) -> None:
        """Count new failed attempts to reach an instance.

        *failed* has, by server, the number of attempts that failed since the worker with the pid *worker* started.
        """
        if worker != self._worker:
            self._worker, self._failed = worker, {}
        for server, total in failed.items():
            new, slot = total - self._failed.get(server, 0), self._slots.get(server)
            if new > 0 and slot and slot.side != "bridged":  # There, HAProxy also retries on 404.
                self._at(slot).refused += new
        self._failed, self.active = dict(failed), False

    def add_late(self, late: Mapping[str, str]) -> None:
        """Count each late request once; *late* has the server of each request that is late now, by stream."""
        for server in (server for stream, server in late.items() if stream not in self._late):
            if slot := self._slots.get(server):
                self._at(slot).late += 1
        self._late, self._late_at_s = late, self._clock()

    def late_are_old(self) -> bool:
        """Return whether the last `add_late` was at least `LATE_S` seconds ago: other requests may be late now."""
        return self._clock() - self._late_at_s >= LATE_S

    def remember(self) -> None:
        """Remember the counters every `REMEMBERED_EACH_S` seconds, for `signals` with an age; called each second."""
        if not self._past or self._clock() - self._past[-1].at_s >= REMEMBERED_EACH_S:
            self._past.append(self._now())

    def signals(self, ago_s: float = 0.0) -> Signals:
        """Return the counters of *ago_s* seconds ago, or the oldest remembered ones if these are younger."""
        if not ago_s:
            return self._now()
        then = self._clock() - ago_s
        return next((each for each in reversed(self._past) if each.at_s <= then), (*self._past, self._now())[0])

    def _now(self) -> Signals:
        counts = tuple((source, counter.counts()) for source, counter in sorted(self._counters.items()))
        return Signals(self._epoch, self._clock(), counts, self._lost)

    def _of(self, line: AccessLogEntry) -> _Counter:
        key = (line.door, line.service, line.server, line.number, line.route)
        found = self._by_line.get(key)
        if found is None:
            found = self._by_line[key] = self._counter(self._source(line))
        return found

    def _source(self, line: AccessLogEntry) -> SignalSource:
        release, slot = line.release or 0, self._slots.get(line.server)
        instance = slot.instance if slot and slot.release == release else ""
        return SignalSource(line.service, release, instance, line.route.removeprefix("-"))

    def _at(self, slot: Slot) -> _Counter:
        """Return the counter for a request to *slot* that is not in the access log, so that its route is not known."""
        return self._counter(
            SignalSource(
                slot.service, slot.release, slot.instance, route=PREVIEW if slot.side in ("preview", "replaced") else ""
            )
        )

    def _counter(self, source: SignalSource) -> _Counter:
        if source not in self._counters:
            if len(self._counters) >= MOST_SOURCES:
                del self._counters[min(self._counters, key=lambda each: each.release)]
                self._by_line.clear()
            self._counters[source] = _Counter()
        return self._counters[source]
