"""The invariants of an environment that no run is changing."""

from tests.journeys.command import Document
from tests.journeys.machine import SUPERVISOR, wait_until
from tests.journeys.sandbox import Sandbox

EXPECTED = (SUPERVISOR, "haproxy", "postgres", " app.py")


def assert_consistent(sandbox: Sandbox) -> Document:
    """Check that exactly the live release runs and receives all traffic; return the status."""
    assert sandbox.run("journal", "verify").code == 0
    status = wait_until_healthy(sandbox, within=20)
    assert status["run"] is None, status
    release = status["release"]
    for service in status["services"]:
        assert {instance["release"] for instance in service["instances"]} == {release["number"]}, status
        assert service["traffic"] == {str(release["number"]): 100}, status
    desired = sum(service["desired"] for service in status["services"])
    assert len(sandbox.instances()) == desired, sandbox.processes()
    assert len(sandbox.processes(SUPERVISOR)) <= 1
    assert unexpected_processes(sandbox) == []
    return status


def wait_until_healthy(sandbox: Sandbox, *, within: float) -> Document:
    """Wait until `mainstay status` exits with 0, and return the status."""
    try:
        return wait_until(lambda: healthy_status(sandbox), within=within, what="a healthy status")
    except AssertionError as failure:
        failure.add_note(str(sandbox.results[-1]))
        raise


def healthy_status(sandbox: Sandbox) -> Document | None:
    """Return the status if `mainstay status` exits with 0, otherwise None."""
    result = sandbox.run("--output", "json", "status", code=None)
    found: Document = result.json
    return found if result.code == 0 else None


def unexpected_processes(sandbox: Sandbox) -> list[str]:
    """Return the command lines of processes that are no part of the environment."""
    return [process.command for process in sandbox.processes() if not any(part in process.command for part in EXPECTED)]
