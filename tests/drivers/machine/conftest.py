"""A machine of its own for each test that starts real processes."""

from collections.abc import Iterator

import pytest

from tests.drivers.machine.machine import Machine, temporary_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    with temporary_machine() as machine:
        yield machine
