"""The disk that holds the state is full: `status` reports it, no release is half made, and services come back."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import end_all, until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system"),
]
SIZE_BYTES = 24 * 2**20


@pytest.fixture
def small(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A place whose state is on a file system of 24 MiB."""
    sandbox.state.mkdir()
    options = f"size={SIZE_BYTES},mode=711"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", sandbox.state], check=False)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        sandbox.ship(WebApp("1"))
        yield sandbox
    finally:
        ballast(sandbox).unlink(missing_ok=True)
        sandbox.run("abort", code=None)
        sandbox.run("down", "--data", "--confirm", "parrot/local", code=None)
        end_all(sandbox.folder)
        subprocess.run(["umount", sandbox.state], check=True)


def ballast(sandbox: Sandbox) -> Path:
    return sandbox.state / "ballast"


def fill(sandbox: Sandbox) -> None:
    """Write until nothing more can be written."""
    with ballast(sandbox).open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


@pytest.mark.failure("F79")
def test_on_a_full_disk_status_is_degraded_and_deploy_works_once_there_is_room(small: Sandbox) -> None:
    fill(small)
    status = small.run("status", code=1)
    assert f"parrot/local is degraded: the disk that holds {small.state} is full" in status.out
    small.write(WebApp("2"))
    refused = small.run("deploy", "--yes", code=1)
    assert f"the disk that holds {small.state} is full: 0 KiB are free; nothing was changed" in refused.err
    assert small.get() == (200, "version 1")
    ballast(small).unlink()
    small.run("deploy", "--yes")
    assert assert_consistent(small)["release"]["version"] == "2"


@pytest.mark.failure("F79")
def test_a_killed_service_is_restarted_while_the_disk_is_full(small: Sandbox) -> None:
    fill(small)
    before = small.process(" app.py")
    before.end()
    until(lambda: small.instances() not in ([], [before]), within=10, what="the service again")
    until(lambda: small.get(url=small.url) == (200, "version 1"), within=10, what="its response")


@pytest.mark.failure("F79")
def test_a_release_that_fills_the_disk_is_rolled_back(small: Sandbox) -> None:
    small.write(WebApp("2"))
    (small.checkout / "web" / "large").write_bytes(os.urandom(2 * SIZE_BYTES))
    failed = small.run("deploy", "--yes", code=1)
    assert "No space left on device" in failed.out + failed.err
    assert small.get() == (200, "version 1")
    assert assert_consistent(small)["release"]["version"] == "1"
