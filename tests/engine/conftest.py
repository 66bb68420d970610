"""Fixtures of the engine's tests: a world of items, its journal, and a folder for the crash sweep."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers.world import World
from tests.engine.items import item_world
from tests.fakes.journal import MemoryJournal

MEMORY = Path("/dev/shm")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return item_world(tmp_path)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in memory where the machine has one, because the sweep makes thousands of files."""
    place = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mainstay-sweep-", dir=place) as folder:
        yield Path(folder)
