"""The disk that holds the state is full: `status` reports it, no release is half made, and services come back."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.machine import end_all, until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system"),
]
SIZE_BYTES = 24 * 2**20


@pytest.fixture
def small(place: Place) -> Iterator[Place]:
    """A place whose state is on a file system of 24 MiB."""
    place.state.mkdir()
    options = f"size={SIZE_BYTES},mode=711"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place.state], check=False)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        place.ship(Parrot("1"))
        yield place
    finally:
        ballast(place).unlink(missing_ok=True)
        place.run("abort", ends=None)
        place.run("down", "--data", "--confirm", "parrot/local", ends=None)
        end_all(place.folder)
        subprocess.run(["umount", place.state], check=True)


def ballast(place: Place) -> Path:
    return place.state / "ballast"


def fill(place: Place) -> None:
    """Write until nothing more can be written."""
    with ballast(place).open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


@pytest.mark.failure("F79")
def test_status_is_degraded_a_deploy_changes_nothing_and_with_room_it_goes_on(small: Place) -> None:
    fill(small)
    status = small.run("status", ends=1)
    assert f"parrot/local is degraded: the disk that holds {small.state} is full" in status.out
    small.holds(Parrot("2"))
    refused = small.run("deploy", "--yes", ends=1)
    assert f"the disk that holds {small.state} is full: 0 KiB are free; nothing was changed" in refused.err
    assert small.get() == (200, "version 1")
    ballast(small).unlink()
    small.run("deploy", "--yes")
    assert assert_whole(small)["release"]["version"] == "2"


@pytest.mark.failure("F79")
def test_a_killed_service_comes_back_while_the_disk_is_full(small: Place) -> None:
    fill(small)
    before = small.process(" app.py")
    before.end()
    until(lambda: small.instances() not in ([], [before]), within=10, what="the service again")
    until(lambda: small.get(url=small.url) == (200, "version 1"), within=10, what="its response")


@pytest.mark.failure("F79")
def test_a_release_that_fills_the_disk_is_rolled_back(small: Place) -> None:
    small.holds(Parrot("2"))
    (small.checkout / "web" / "large").write_bytes(os.urandom(2 * SIZE_BYTES))
    failed = small.run("deploy", "--yes", ends=1)
    assert "No space left on device" in failed.out + failed.err
    assert small.get() == (200, "version 1")
    assert assert_whole(small)["release"]["version"] == "1"
