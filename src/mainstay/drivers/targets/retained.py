"""The releases, revisions and artifacts that a target keeps when it is pruned."""

import msgspec


class Retained(msgspec.Struct, frozen=True):
    """What `prune` keeps: releases by number, the revisions (service, release) that they run, and artifacts by key."""

    releases: frozenset[int]
    revisions: frozenset[tuple[str, int]]
    artifacts: frozenset[str]
