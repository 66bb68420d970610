"""The change of one service between two releases."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from mainstay.model import Release, Strategy
from mainstay.planning.facts import Snapshot


class ServiceChange(msgspec.Struct, frozen=True):
    """The change of one service from revision `old` (None: it is added) to revision `new` (None: it is removed).

    If both are equal, only the number of replicas changes. A worker has replicas and no traffic.
    """

    service: str
    old: int | None
    old_count: int
    new: int | None
    count: int
    strategy: Strategy = Strategy()
    worker: bool = False
    overlap: bool = False
    """Workers only: the old fleet stays until the new one has settled."""

    @property
    def replaces(self) -> bool:
        """Whether a new revision replaces an old one."""
        return self.old is not None and self.new is not None and self.old != self.new

    def in_one_switch(self) -> "ServiceChange":
        """Return this change without percentages and settling; `recreate` stays `recreate`."""
        kind: Literal["recreate", "blue-green"] = "recreate" if self.strategy.kind == "recreate" else "blue-green"
        return replace(self, strategy=Strategy(kind, settle_s=0.0, revert_after_s=self.strategy.revert_after_s))


def service_changes(now: Snapshot, release: Release) -> tuple[ServiceChange, ...]:
    """Return the services whose revision or number of replicas changes, in the order of *release*."""
    before = now.release.services if now.release else {}
    changes = []
    for name in [*release.services, *(name for name in before if name not in release.services)]:
        old, new = before.get(name), release.services.get(name)
        either = new or old
        if either is None or (old and new and (old.revision, old.replicas) == (new.revision, new.replicas)):
            continue
        changes.append(
            ServiceChange(
                service=name,
                old=old.revision if old else None,
                old_count=old.replicas if old else 0,
                new=new.revision if new else None,
                count=new.replicas if new else 0,
                strategy=either.strategy,
                worker=not either.workload.listens,
                overlap=either.workload.overlap,
            )
        )
    return tuple(changes)
