"""Where the sweep makes its thousands of worlds."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in memory where there is such a place: no disk is waited for, and death is as sudden."""
    place = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mainstay-sweep-", dir=place) as folder:
        yield Path(folder)
