"""A target in memory: keeps what it was told, carries it out when it is next asked, counts what it changed."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from zlib import crc32

from msgspec.structs import replace

from mainstay.clock import Clock
from mainstay.errors import BadInput, FenceRefused, StepFailed, Unreachable
from mainstay.release import (
    Edge,
    Exit,
    Fleet,
    Instance,
    Job,
    JobState,
    Members,
    Running,
    Serving,
    Shares,
    Shifts,
    Traffic,
    UnlessRenewed,
    end_of,
)
from mainstay.revision import Revision
from mainstay.targets import RECENT, LogLine, LogQuery, never
from tests.fakes.clock import TurnableClock

STOPPED_BY_SIGTERM = 143


class FakeTarget:
    """Obeys `Target`. It outlives whoever asks: a request that was kept is carried out at the next look.

    `point` is told "before X", "amid X" (kept, not yet carried out) and "after X" (not yet answered) for
    every request X that changes something, as in "amid fleet web 1=2,2=2". `effects` counts what happened
    outside, by name.
    """

    def __init__(self, clock: Clock | None = None, *, ready_after_s: float = 0, job_takes_s: float = 0) -> None:
        self.clock = clock or TurnableClock()
        self.ready_after_s = ready_after_s
        self.job_takes_s = job_takes_s
        self.answers = True
        self.sick: set[Revision] = set()
        """Never ready."""
        self.overwhelmed: set[Revision] = set()
        """Fails as soon as it has traffic."""
        self.breaks: set[str] = set()
        """Requests that are refused."""
        self.restarts: dict[Revision, int] = {}
        self.cut: Counter[str] = Counter()
        """Connections that drains have cut, per revision."""
        self.in_flight: Counter[str] = Counter()
        """Requests that a revision has in flight, whatever its traffic."""
        self.taken: dict[int, str] = {}
        self.edge_trouble = ""
        """Why the edge cannot serve; empty: it serves."""
        self.edge_trouble_code = "port-taken"
        self.perform: Callable[[Job], int] = lambda job: 0
        self.lines: list[LogLine] = []
        self.effects: Counter[str] = Counter()
        self.point: Callable[[str], None] = lambda where: None
        self.claimed = 0
        self._guard = threading.RLock()
        self._awake = False
        self._changed = False
        self._fleet: Fleet = {}
        self._began: dict[str, tuple[Revision, float, str]] = {}
        self._traffic: Traffic = {}
        self._pending: Shifts = ()
        self._drain: dict[str, float] = {}
        self._shifted = 0.0
        self._undrained: dict[str, int] = {}
        self._unless: UnlessRenewed | None = None
        self._renewed = 0.0
        self._returned = False
        self._edge: Edge | None = None
        self._jobs: dict[str, tuple[Job, float]] = {}
        self._states: dict[str, JobState] = {}
        self._listeners: dict[str, str] = {}

    # what is asked of it

    def wake(self) -> None:
        self._ask("wake", None, self._wake)

    def sleep(self, fence: int) -> None:
        self._ask("sleep", fence, self._sleep)

    def claim(self, fence: int) -> None:
        def keep() -> None:
            self.claimed = fence

        self._ask(f"claim {fence}", fence, keep)

    def fleet(self, fence: int, wanted: Fleet) -> None:
        what = " ".join(f"{name} {_counted(members)}" for name, members in wanted.items())
        self._ask(f"fleet {what}", fence, lambda: self._fleet.update({n: dict(m) for n, m in wanted.items()}))

    def traffic(self, fence: int, shifts: Shifts, unless_renewed: UnlessRenewed | None = None) -> None:
        def keep() -> None:
            self._shift(shifts)
            self._unless = unless_renewed
            self._renewed = self.clock.monotonic()
            self._returned = False
            self._undrained = {}

        self._ask(f"traffic {told(end_of(shifts))}", fence, keep)

    def renew(self, fence: int) -> None:
        with self._guard:
            self._allow(fence)
            self._carry_out()
            self._renewed = self.clock.monotonic()

    def edge(self, fence: int, wanted: Edge | None) -> None:
        if wanted is not None and wanted.http in self.taken:
            raise BadInput(f"port {wanted.http} is taken by {self.taken[wanted.http]}")

        def keep() -> None:
            if wanted != self._edge:
                self.effects["edge" if wanted else "no edge"] += 1
            self._edge = wanted

        self._ask("edge" if wanted else "no edge", fence, keep)

    def refuse_taken(self, wanted: Edge) -> None:
        self._answer()

    def job(self, fence: int, job: Job) -> None:
        def keep() -> None:
            if job.id not in self._jobs:
                self._jobs[job.id] = (job, self.clock.monotonic())
                self.effects[f"job {job.id}"] += 1

        self._ask(f"job {job.id}", fence, keep)

    def stop_job(self, fence: int, identity: str) -> None:
        def keep() -> None:
            if identity in self._jobs and identity not in self._states:
                self._states[identity] = JobState("ended", STOPPED_BY_SIGTERM)
                self.effects[f"stop job {identity}"] += 1

        self._ask(f"stop_job {identity}", fence, keep)

    # what it tells

    def job_state(self, identity: str) -> JobState:
        with self._guard:
            self._answer()
            self._carry_out()
            unseen = JobState("running") if identity in self._jobs else JobState("none")
            return self._states.get(identity, unseen)

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        found = [line for line in self.lines if line.service == service and query.release in {None, line.release}]
        yield from [line for line in found if query.instance in {None, line.instance}][-query.lines :]

    def running(self) -> Running:
        with self._guard:
            self._answer()
            self._carry_out()
            wanted = {service: dict(members) for service, members in self._fleet.items()}
            return Running(wanted, self._instances(), self._awake, guarded_by="test", cut=dict(self.cut))

    def serving(self) -> Serving:
        with self._guard:
            self._answer()
            self._carry_out()
            broken = self.edge_trouble if self._edge and self._awake else ""
            actual = {service: {} if broken else self._actual(service) for service in self._traffic}
            url = f"http://127.0.0.1:{self._edge.http or 8080}" if self._edge else ""
            wanted = self._traffic | end_of(self._pending)
            return Serving(
                wanted={service: dict(shares) for service, shares in wanted.items()},
                actual={service: shares for service, shares in actual.items() if shares or not self._awake},
                edge=self._edge,
                url=url,
                doors=(url,) if url else (),
                listeners=dict(self._listeners),
                pending=len(self._pending),
                in_flight={name: self.in_flight[name] for name in self._drain} if self._pending else {},
                undrained=dict(self._undrained),
                returns_to=end_of(self._unless.then) if self._unless else None,
                returned=self._returned,
                open=not broken,
                trouble=broken,
                trouble_code=self.edge_trouble_code if broken else "",
                trouble_remedy="stop that program" if broken else "",
            )

    # how the test turns it

    def lose_jobs(self) -> None:
        """Nobody will ever see how the jobs that run now ended."""
        with self._guard:
            for identity in self._jobs.keys() - self._states.keys():
                self._states[identity] = JobState("lost")

    def end_jobs(self, code: int = 0) -> None:
        """The jobs that run now have ended with *code*."""
        with self._guard:
            for identity in self._jobs.keys() - self._states.keys():
                self._states[identity] = JobState("ended", code)

    def _ask(self, what: str, fence: int | None, keep: Callable[[], None]) -> None:
        self.point(f"before {what}")
        if what in self.breaks:
            raise StepFailed(f"{what} was refused")
        with self._guard:
            if fence is None:
                self._answer()
            else:
                self._allow(fence)
            self._carry_out()
            keep()
            self._changed = True
        self.point(f"amid {what}")
        with self._guard:
            self._carry_out()
        self.point(f"after {what}")

    def _answer(self) -> None:
        if not self.answers:
            raise Unreachable("the target does not answer", remedy="mainstay resume")

    def _allow(self, fence: int) -> None:
        self._answer()
        if fence < self.claimed:
            raise FenceRefused(f"run with fence {fence} was overtaken by {self.claimed}")

    def _wake(self) -> None:
        self._awake = True

    def _sleep(self) -> None:
        self._awake = False

    def _shift(self, shifts: Shifts) -> None:
        """Apply the first of *shifts*, and the others as soon as what it drains has no request in flight."""
        if not shifts:
            self._pending = ()
            return
        first, *rest = shifts
        self._send(first.traffic)
        self._pending, self._shifted = tuple(rest), self.clock.monotonic()
        self._drain = {
            str(Revision(service, release)): limit
            for service, releases in first.drain_s.items()
            for release, limit in releases.items()
        }

    def _shift_on(self, now: float) -> None:
        while self._pending:
            left = {name: self.in_flight[name] for name in self._drain if self.in_flight[name]}
            if any(now - self._shifted < self._drain[name] for name in left):
                return
            self._undrained |= left
            self._shift(self._pending)

    def _send(self, wanted: Traffic) -> None:
        before = {service: dict(shares) for service, shares in self._traffic.items()}
        self._traffic.update({service: dict(shares) for service, shares in wanted.items()})
        if self._traffic != before:
            self.effects[f"traffic {told(wanted)}"] += 1

    def _carry_out(self) -> None:
        now = self.clock.monotonic()
        if self._unless and now - self._renewed >= self._unless.within_s:
            self._shift(self._unless.then)
            self._unless, self._returned = None, True
        self._shift_on(now)
        for identity, (job, began) in self._jobs.items():
            if identity not in self._states and now - began >= self.job_takes_s:
                self._states[identity] = JobState("ended", self.perform(job), took_s=now - began)
        if self._changed:
            self._start_and_stop(now)
            self._changed = False

    def _start_and_stop(self, now: float) -> None:
        wanted: dict[str, Revision] = {}
        for service, members in self._fleet.items() if self._awake else ():
            for release, member in members.items():
                revision = Revision(service, release)
                wanted |= {f"{service}-{release}-{n + 1}": revision for n in range(member.count)}
                if member.spec.port != "none" and service not in self._listeners:
                    self._listeners[service] = f"127.0.0.1:{20000 + len(self._listeners)}"
        for gone in self._began.keys() - wanted.keys():
            del self._began[gone]
            self.effects[f"stop {gone}"] += 1
        for new in sorted(wanted.keys() - self._began.keys()):
            self._began[new] = (wanted[new], now, self.clock.now().isoformat())
            self.effects[f"start {new}"] += 1

    def _instances(self) -> tuple[Instance, ...]:
        return tuple(self._instance(identity) for identity in sorted(self._began))

    def _instance(self, identity: str) -> Instance:
        revision, began, since = self._began[identity]
        member = self._fleet[revision.service][revision.release]
        starting = self.clock.monotonic() - began < self.ready_after_s
        instance = Instance(
            id=identity,
            service=revision.service,
            release=revision.release,
            state="starting" if starting else "ready",
            since=since,
            pid=1000 + crc32(identity.encode()) % 30000,
            address=None if member.spec.port == "none" else f"127.0.0.1:{15000 + crc32(identity.encode()) % 5000}",
            restarts=self.restarts.get(revision, 0),
        )
        serves = self._traffic.get(revision.service, {}).get(revision.release, 0) > 0
        if revision not in self.sick and not (serves and revision in self.overwhelmed):
            return instance
        last_exit = Exit(since, code=1)
        return replace(instance, state="failed", pid=None, last_exit=last_exit, tail=("it is sick",))

    def _actual(self, service: str) -> Shares:
        mine = [name for name, (revision, _, _) in self._began.items() if revision.service == service]
        ready = {one.release for one in map(self._instance, mine) if one.state == "ready"}
        shares = {release: part for release, part in self._traffic[service].items() if part and release in ready}
        whole = sum(shares.values())
        return {release: part * 100 / whole for release, part in shares.items()}


def _counted(members: Members) -> str:
    return ",".join(f"{release}={member.count}" for release, member in sorted(members.items())) or "none"


def told(traffic: Traffic) -> str:
    """`web 2:100` for each service, in a line."""
    return " ".join(
        f"{service} {','.join(f'{release}:{part:g}' for release, part in sorted(shares.items()))}"
        for service, shares in sorted(traffic.items())
    )
