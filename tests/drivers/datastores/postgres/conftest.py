"""One server for all tests of the driver, and a folder of migrations for each."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.system.users import removal
from tests.drivers.datastores.postgres.machine import ROOT, SERVER_USER, Machine


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that use the server in one process, so that it is created once."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "machine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("postgres-driver"))


@pytest.fixture(scope="package")
def machine() -> Iterator[Machine]:
    # A folder of its own below /tmp: pytest's are closed to the users that server and services run under.
    state = Path("/tmp") / f"mainstay-test-postgres-{os.getpid()}"
    state.mkdir(mode=0o711)
    for folder in ("data", "content"):
        (state / folder).mkdir(mode=0o711)
    machine = Machine(state)
    try:
        machine.start_new_server()
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(state)
        if ROOT:
            subprocess.run(removal(SERVER_USER), check=True)


@pytest.fixture
def migrations(machine: Machine) -> Iterator[Path]:
    folder = machine.folders.contents / "migrations"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)
    machine.query(
        "owner", "drop schema public cascade; create schema public; grant usage on schema public to shop_application"
    )
    machine.query("owner", "drop table if exists mainstay.migration")
