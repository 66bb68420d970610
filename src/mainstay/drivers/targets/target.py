"""Where services run and are served: the contract that every target keeps."""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from mainstay.model import Edge, Fleet, Job, JobState, Running, Serving, Shifts, UnlessRenewed


class LogLine(msgspec.Struct, frozen=True):
    """One line that a service wrote, without anything that a terminal would act on."""

    at: str
    """When it was written. It does not change from one reading to the next."""
    service: str
    release: int
    """The release that brought in the revision of the instance; for the access log, that of the instance that
    responded. 0: none."""
    instance: str
    stream: str
    """`out` or `err`; `access` for the access log of the edge."""
    line: str


class LogQuery(msgspec.Struct, frozen=True):
    """Which lines of a service are wanted."""

    lines: int = 100
    """At most so many of the last ones."""
    follow: bool = False
    """Then new ones as they come, without an end."""
    release: int | None = None
    """None: of every release."""
    instance: str | None = None
    """None: of every instance."""


RECENT = LogQuery()


def never() -> bool:
    """Return False: what follows goes on for ever."""
    return False


class Target(Protocol):
    """Where services run and are served.

    Requests name a state: asking twice is asking once. A request is durable before it is answered, and
    what it asks for comes about later, also after a crash of whatever carries it out: the caller looks.
    Each carries the fence of its run; `FenceRefused` when a newer one has claimed. All raise
    `Unreachable` when the target does not answer, even after waking it. Looking never wakes and never
    needs a fence.
    """

    def wake(self) -> None:
        """Start what was stopped, and the supervisor where it does not run; try failed instances again at once."""
        ...

    def sleep(self, fence: int) -> None:
        """Ask that services drain and stop, then datastores, then the edge; kept over reboots.

        Fleets, traffic and ports stay known. It has come about when `running().awake` is False and no instance is left.
        """
        ...

    def claim(self, fence: int) -> None:
        """From now on every older fence is refused; kept before it is answered. The same fence may claim again."""
        ...

    def fleet(self, fence: int, wanted: Fleet) -> None:
        """What is to run, for the services that *wanted* names. An empty mapping for a service: nothing of it.

        Instances that go are first taken out of the slots, drained and counted to zero, then stopped.
        """
        ...

    def traffic(self, fence: int, shifts: Shifts, unless_renewed: UnlessRenewed | None = None) -> None:
        """Which revisions receive requests, for the services that *shifts* name.

        Each shift is applied in one batch, in their order; the next waits for the drain that the one before names.
        They replace shifts of an earlier request that still wait. Shares go only to ready instances. None for
        *unless_renewed* ends an earlier lease.
        """
        ...

    def renew(self, fence: int) -> None:
        """The run still watches: the time of `unless_renewed` begins anew. Nothing where there is none."""
        ...

    def edge(self, fence: int, wanted: Edge | None) -> None:
        """The front door; None takes it away. Raises PortTaken, naming the holder, when a port is taken."""
        ...

    def refuse_taken(self, wanted: Edge) -> None:
        """Raise PortTaken, naming the holder, when a port of *wanted* is another program's. Changes nothing."""
        ...

    def job(self, fence: int, job: Job) -> None:
        """Start *job* unless its id is known already."""
        ...

    def job_state(self, identity: str) -> JobState:
        """How the job stands."""
        ...

    def stop_job(self, fence: int, identity: str) -> None:
        """Stop the job and all it started; returns when it is gone. Nothing for one that does not run."""
        ...

    def logs(self, service: str, query: LogQuery = RECENT, *, ended: Callable[[], bool] = never) -> Iterator[LogLine]:
        """Yield the lines of a service that are wanted, oldest first; of `edge` its messages and the access log.

        New lines are followed until *ended*, which is asked again and again while none comes.
        """
        ...

    def running(self) -> Running:
        """What is to run and what runs."""
        ...

    def serving(self) -> Serving:
        """Who is to be served by whom, and who is."""
        ...
