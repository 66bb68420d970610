"""What is true of every environment between two runs, whatever was killed before."""

from tests.journeys.machine import until
from tests.journeys.place import Document, Place

PARTS = ("mainstay.drivers.machine.supervisor", "haproxy", "postgres", " app.py")


def assert_whole(place: Place) -> Document:
    """Released or as before, and nothing else: returns the status, which is well."""
    assert place.run("journal", "verify").code == 0
    status = until(lambda: well(place), within=20, what=f"a status that is well: {place.status()}")
    assert status["run"] is None, status
    release = status["release"]
    for service in status["services"]:
        assert {one["release"] for one in service["instances"]} == {release["number"]}, status
        assert service["traffic"] == {str(release["number"]): 100}, status
    desired = sum(service["desired"] for service in status["services"])
    assert len(place.instances()) == desired, place.processes()
    assert [one for one in place.processes() if "mainstay.drivers.machine.supervisor" in one.command][1:] == []
    assert strays(place) == []
    return status


def well(place: Place) -> Document | None:
    """The status, once the command that tells it ends with 0."""
    said = place.run("--output", "json", "status", ends=None)
    found: Document = said.json
    return found if said.code == 0 else None


def strays(place: Place) -> list[str]:
    """Processes that are no part of what is to run."""
    return [one.command for one in place.processes() if not any(part in one.command for part in PARTS)]
