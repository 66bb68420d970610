"""The disk that contains the state is full: `status` reports it, deploys fail cleanly and services are restarted."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.machine import kill_all, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system"),
]
SIZE_BYTES = 24 * 2**20


@pytest.fixture
def small_sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox whose state is on a file system of 24 MiB."""
    sandbox.state.mkdir()
    options = f"size={SIZE_BYTES},mode=711"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", sandbox.state], check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a tmpfs on this machine")
    try:
        sandbox.ship(WebApp("1"))
        yield sandbox
    finally:
        ballast(sandbox).unlink(missing_ok=True)
        sandbox.run("abort", code=None)
        sandbox.run("down", "--data", "--confirm", "parrot/local", code=None)
        kill_all(sandbox.folder)
        subprocess.run(["umount", sandbox.state], check=True)


def ballast(sandbox: Sandbox) -> Path:
    return sandbox.state / "ballast"


def fill(sandbox: Sandbox) -> None:
    """Fill the disk that contains the state."""
    with ballast(sandbox).open("wb", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


@pytest.mark.failure("F79")
def test_on_a_full_disk_status_is_degraded_and_deploy_works_after_space_is_freed(small_sandbox: Sandbox) -> None:
    fill(small_sandbox)
    status = small_sandbox.run("status", code=1)
    assert f"parrot/local is degraded: the disk that holds {small_sandbox.state} is full" in status.out
    small_sandbox.write(WebApp("2"))
    refused = small_sandbox.run("deploy", "--yes", code=1)
    assert f"the disk that holds {small_sandbox.state} is full: 0 KiB are free; nothing was changed" in refused.err
    assert small_sandbox.get() == (200, "version 1")
    ballast(small_sandbox).unlink()
    small_sandbox.run("deploy", "--yes")
    assert assert_consistent(small_sandbox)["release"]["version"] == "2"


@pytest.mark.failure("F79")
def test_a_killed_service_is_restarted_while_the_disk_is_full(small_sandbox: Sandbox) -> None:
    fill(small_sandbox)
    before = small_sandbox.process(" app.py")
    before.kill()
    wait_until(lambda: small_sandbox.instances() not in ([], [before]), within=10, what="the restart of the service")
    wait_until(lambda: small_sandbox.get(url=small_sandbox.url) == (200, "version 1"), within=10, what="a response")


@pytest.mark.failure("F79")
def test_a_release_that_fills_the_disk_is_rolled_back(small_sandbox: Sandbox) -> None:
    small_sandbox.write(WebApp("2"))
    (small_sandbox.checkout / "web" / "large").write_bytes(os.urandom(2 * SIZE_BYTES))
    failed = small_sandbox.run("deploy", "--yes", code=1)
    assert "No space left on device" in failed.out + failed.err
    assert small_sandbox.get() == (200, "version 1")
    assert assert_consistent(small_sandbox)["release"]["version"] == "1"
