"""Static files of an old release, with the real supervisor: available while it runs, and never an error."""

import http.client
import threading
from collections import Counter

import pytest

from mainstay.model import Edge, Route, Shift
from tests.drivers.machine.machine import Machine, member, service

EDGE = Edge(http=0, routes=(Route("/", "web", assets_s=60),), address="127.0.0.1", release_header=True)


class Reader(threading.Thread):
    """Requests the file of release 1 again and again, and counts the responses by status and release."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._address = url.removeprefix("http://")
        self._stop_requested = threading.Event()
        self.found: Counter[tuple[int, str]] = Counter()

    def run(self) -> None:
        while not self._stop_requested.is_set():
            self.found[get(self._address, "/only=1")] += 1

    def end(self) -> Counter[tuple[int, str]]:
        self._stop_requested.set()
        self.join(10)
        return self.found


def get(address: str, path: str) -> tuple[int, str]:
    """Return status and release of the response."""
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers.get("X-Mainstay-Release", "")


@pytest.mark.slow
@pytest.mark.requirement("B57")
def test_the_files_of_the_old_release_are_there_until_it_is_retired_and_never_an_error(machine: Machine) -> None:
    machine.target.set_edge(EDGE)
    one, two = member(service(), 2), member(service(), 2)
    machine.target.set_fleet({"web": {1: one, 2: two}})
    machine.wait_until(lambda: machine.is_ready(1, 2) and machine.is_ready(2, 2), "both releases")
    machine.target.set_traffic((Shift({"web": {2: 100.0}}),))
    machine.wait_for_traffic({2: 100.0})
    url = machine.target.traffic_status().url
    machine.wait_until(lambda: get(url.removeprefix("http://"), "/only=1") == (200, "1"), "the bridge")
    readers = [Reader(url) for _ in range(4)]
    for reader in readers:
        reader.start()
    machine.wait_until(lambda: sum(reader.found.total() for reader in readers) > 200, "requests")
    assert {each for reader in readers for each in reader.found} == {(200, "1")}
    machine.target.set_fleet({"web": {2: two}})
    machine.wait_until(lambda: not machine.instances_of(1), "the end of release 1")
    seen = sum(reader.found[(404, "2")] for reader in readers)
    machine.wait_until(lambda: sum(reader.found[(404, "2")] for reader in readers) > seen + 100, "later requests")
    statuses = {status for reader in readers for status, _ in reader.end()}
    assert statuses == {200, 404}
    counted = machine.target.signals().counts
    assert {source.release for source, counts in counted if counts.requests} >= {1, 2}
    assert sum(counts.errors for _, counts in counted) == 0


def test_the_sockets_of_the_bridge_are_of_their_owner_alone(machine: Machine) -> None:
    machine.target.set_edge(EDGE)
    machine.start_fleet(member(service()))
    machine.wait_until(lambda: machine.target.traffic_status().open, "the edge")
    found = [each for each in machine.target.endpoints() if each.title == "bridge of edge"]
    assert [(each.reach, each.declared) for each in found] == [("owner", True)] * 2
