"""Sends synthetic requests to the new release and to the one that it replaces, and counts unexpected responses."""

import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import Unreachable
from mainstay.judging.expectations import judge
from mainstay.judging.flow import request_of, service_of
from mainstay.judging.sequential_test import Share
from mainstay.judging.synthetic import Sampled
from mainstay.model.flow import Flow
from mainstay.model.http import HttpResponse
from mainstay.model.synthetic import SyntheticRequests

EACH_S = 0.4
"""Minimum seconds between two pairs of requests: at most 5 requests a second, half of them to each release."""
WITHIN_S = 3.0
"""Timeout in seconds for a response. It is less than the shortest `revert_after` (5 s), because the next heartbeat
waits for the response."""

Side = Literal["preview", "replaced"]


class SyntheticRun:
    """Sends *requests* in turn, each to both releases, or only to the new one if *replaced* is empty.

    *new* and *replaced* are the release numbers of the new and the replaced revisions, by service.
    """

    def __init__(
        self, world: RunWorld, requests: SyntheticRequests | None, new: Mapping[str, int], replaced: Mapping[str, int]
    ) -> None:
        self._world = world
        self._requests = requests
        self._releases: dict[Side, Mapping[str, int]] = {"preview": new, "replaced": replaced}
        old = Share(0, 0) if replaced else None
        self._flows = [flow for flow in requests.flows if self._comparable(flow)] if requests else []
        self.sampled = [Sampled(f"GET {flow.steps[0].path.partition('?')[0]}", old=old) for flow in self._flows]
        """Per request, the share of unexpected responses so far."""
        services = [self._service(flow) for flow in self._flows]
        self._groups = [service if service in new else "" for service in services]
        """Per request, the service that it leads to; empty: one that is not compared, but may call one that is."""
        self._led = False
        self._pairs = Counter[int]()
        self._next_s = 0.0

    def send(self) -> None:
        """Send the next request to both releases, unless the last pair was sent less than EACH_S seconds ago."""
        now = self._world.clock.monotonic()
        if not self._flows or now < self._next_s or not self._lead():
            return
        self._next_s = now + EACH_S
        number = self._next()
        self._pairs[number] += 1
        found, flow = self.sampled[number], self._flows[number]
        new = _counted(found.new, self._failed(flow, "preview"))
        # Two responses that hang would delay the heartbeat by more than the shortest `revert_after`.
        self._world.waiter.pause_checking(0.0, lambda: None)
        old = _counted(found.old, self._failed(flow, "replaced")) if found.old else None
        self.sampled[number] = found._replace(new=new, old=old)

    def _next(self) -> int:
        """Return the number of the next request: each group gets as many pairs, however many requests it has."""
        by_group = Counter[str]()
        for number, pairs in self._pairs.items():
            by_group[self._groups[number]] += pairs
        return min(range(len(self._flows)), key=lambda each: (by_group[self._groups[each]], self._pairs[each]))

    def _comparable(self, flow: Flow) -> bool:
        """Return whether both releases can respond; False for a service that is added while others are replaced."""
        new, replaced = self._releases["preview"], self._releases["replaced"]
        service = self._service(flow)
        return not replaced or service not in new or service in replaced

    def _service(self, flow: Flow) -> str:
        assert self._requests is not None
        return service_of(flow, self._requests.edge)

    def _lead(self) -> bool:
        """Set the preview door to both releases, unless this was done. Return False while the target is unreachable."""
        try:
            if not self._led:
                self._world.target.set_preview(self._releases["preview"], self._releases["replaced"])
                self._led = True
        except Unreachable:
            return False
        return True

    def _failed(self, flow: Flow, side: Side) -> bool | None:
        """Return whether the response is not as expected; None when another release responded."""
        assert self._requests is not None
        version = self._requests.version if side == "preview" else self._requests.replaced_version
        values = {"unique": secrets.token_hex(6), "version": version}
        request = request_of(flow.steps[0], flow, self._requests.edge, values)
        request = replace(request, within_s=min(request.within_s, WITHIN_S))
        try:
            response = self._world.target.send(request, side)
        except Unreachable:
            return True
        if _other_release(response, self._releases[side].get(self._service(flow))):
            return None
        return bool(judge(response, flow.steps[0].expect, values))


def _other_release(response: HttpResponse, expected: int | None) -> bool:
    """Return whether another release than the *expected* one responded, for instance because that has just started."""
    found = dict(response.headers).get("x-mainstay-release")
    return found is not None and expected is not None and found != str(expected)


def _counted(share: Share, failed: bool | None) -> Share:
    return share if failed is None else Share(share.hits + failed, share.total + 1)
