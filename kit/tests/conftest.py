"""What all tests of the kit share: coroutines run on asyncio, and a Postgres."""

import pytest

from kit.tests.postgres_server import postgres_server

__all__ = ["postgres_server"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
