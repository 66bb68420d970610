"""The releases, revisions and artifacts that a target keeps when it is pruned."""

import msgspec


class Retained(msgspec.Struct, frozen=True):
    """What `prune` keeps: releases by number, the revisions (service, release) that they run, and artifacts by key."""

    releases: frozenset[int]
    revisions: frozenset[tuple[str, int]]
    artifacts: frozenset[str]
    failed: frozenset[tuple[str, int]] = frozenset()
    """Revisions (service, release) of releases that failed: their logs are kept too, and nothing else of them."""

    @property
    def logs(self) -> frozenset[tuple[str, int]]:
        """The revisions whose logs are kept."""
        return self.revisions | self.failed
