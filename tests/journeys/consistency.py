"""What is true of every environment between two runs, whatever was killed before."""

from tests.journeys.machine import until
from tests.journeys.sandbox import Document, Sandbox

PARTS = ("mainstay.drivers.machine.supervisor", "haproxy", "postgres", " app.py")


def assert_consistent(sandbox: Sandbox) -> Document:
    """Released or as before, and nothing else: returns the status, which is well."""
    assert sandbox.run("journal", "verify").code == 0
    status = until(lambda: healthy_status(sandbox), within=20, what=f"a status that is well: {sandbox.status()}")
    assert status["run"] is None, status
    release = status["release"]
    for service in status["services"]:
        assert {one["release"] for one in service["instances"]} == {release["number"]}, status
        assert service["traffic"] == {str(release["number"]): 100}, status
    desired = sum(service["desired"] for service in status["services"])
    assert len(sandbox.instances()) == desired, sandbox.processes()
    assert [one for one in sandbox.processes() if "mainstay.drivers.machine.supervisor" in one.command][1:] == []
    assert leftovers(sandbox) == []
    return status


def healthy_status(sandbox: Sandbox) -> Document | None:
    """The status, once the command that tells it ends with 0."""
    result = sandbox.run("--output", "json", "status", code=None)
    found: Document = result.json
    return found if result.code == 0 else None


def leftovers(sandbox: Sandbox) -> list[str]:
    """Processes that are no part of what is to run."""
    return [one.command for one in sandbox.processes() if not any(part in one.command for part in PARTS)]
