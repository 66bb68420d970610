"""The worlds of the engine's tests: a bench and its journal, and where the sweep makes its thousands."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers.world import World
from tests.engine.workbench import bench_world
from tests.fakes.journal import MemoryJournal

MEMORY = Path("/dev/shm")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return bench_world(tmp_path)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in memory where there is such a place: no disk is waited for, and death is as sudden."""
    place = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mainstay-sweep-", dir=place) as folder:
        yield Path(folder)
