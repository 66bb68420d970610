"""A core for what is measured and the other cores for the load and the backends, where there is more than one core."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

ALL = tuple(sorted(os.sched_getaffinity(0)))
MEASURED = ALL[-1:]
LOAD = ALL[:-1] or MEASURED


@contextmanager
def on(cores: tuple[int, ...]) -> Iterator[None]:
    """Run this process on *cores*, and every process that it starts meanwhile, for as long as that process runs."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
