"""The contract of every target: a test class for each driver inherits `TargetContract`."""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mainstay.drivers.targets.preparation import Preparation
from mainstay.drivers.targets.retained import Retained
from mainstay.drivers.targets.target import RunTarget
from mainstay.errors import FenceRefused, Interrupted, PortTaken, Unreachable
from mainstay.judging.comparisons import previewed_of
from mainstay.model import Artifact, Edge, Endings, Job, Member, Route, Shares, Shift, Source, TrafficLease
from mainstay.model.http import EntranceName, HttpRequest
from mainstay.model.log_lines import LogQuery
from mainstay.model.maintenance import Maintenance
from mainstay.system.clock import Clock, Waiter

EDGE = Edge(http=0, routes=(Route("/", "web"),), address="127.0.0.1", release_header=True)
FENCE = 5
CALLER_FIRST = (Shift({"web": {2: 100.0}}, {"web": {1: 10.0}}), Shift({"web": {1: 50.0, 2: 50.0}}))
"""The second shift waits until release 1 has no request in flight."""
CHANGING: dict[str, Callable[[RunTarget, "TargetContract"], object]] = {
    "claim": lambda target, _: target.claim(),
    "set_fleet": lambda target, tests: target.set_fleet({"web": {1: tests.member()}}),
    "set_traffic": lambda target, _: target.set_traffic((Shift({"web": {1: 100.0}}),)),
    "heartbeat": lambda target, _: target.heartbeat(),
    "set_edge": lambda target, _: target.set_edge(EDGE),
    "set_preview": lambda target, _: target.set_preview({"web": 2}),
    "start_job": lambda target, tests: target.start_job(tests.job("r-1-build")),
    "stop_job": lambda target, _: target.stop_job("r-1-build"),
    "stop": lambda target, _: target.stop(),
    "prepare": lambda target, tests: target.prepare(tests.artifact("key1"), tests.preparation()),
    "discard": lambda target, tests: target.discard(tests.artifact("key1"), tests.preparation()),
    "remove": lambda target, _: target.remove(),
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class TargetContract(ABC):
    """A subclass creates the target, and the situations that a test cannot create through its protocol.

    The fixture `target` is a new target, bound to the run with FENCE, and removes everything after the test.
    """

    clock: Clock

    @abstractmethod
    def member(self, service: str = "web", count: int = 1, *, drain_s: float = 3.0) -> Member:
        """A service that becomes ready and answers on the port it is given."""

    @abstractmethod
    def worker(self, *lines: str) -> Member:
        """A service `worker`, without a port, that prints *lines* when it starts."""

    @abstractmethod
    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        """A job that ends with 0."""

    @abstractmethod
    def edge_unable_to_serve(self, target: RunTarget) -> AbstractContextManager[str]:
        """Make the edge of *target* unable to serve inside the block; yield text that its problem must contain."""

    @abstractmethod
    def start_request(self, target: RunTarget, *, takes_s: float) -> None:
        """Start a request through the front door that `web` answers after *takes_s*; it is in flight on return."""

    @abstractmethod
    def another_program(self, port: int) -> AbstractContextManager[str]:
        """Let another program listen on *port* inside the block; yield its name."""

    @abstractmethod
    def set_ready(self, release: int, ready: bool) -> None:
        """Let the readiness probes of this release of `web` succeed or fail from now on."""

    @abstractmethod
    def lose(self, target: RunTarget) -> None:
        """Kill every process, including the supervisor that would restart them."""

    @abstractmethod
    def artifact(self, key: str, *, takes_s: float = 0) -> Artifact:
        """Return an artifact that the target can prepare, which takes at least *takes_s*."""

    @abstractmethod
    def damage(self, artifact: Artifact) -> None:
        """Damage the prepared *artifact*, so that it can be repaired."""

    def preparation(self, job: str = "r-1-build") -> Preparation:
        """Return the details of a preparation without a time limit."""
        return Preparation("web", job, Waiter(self.clock))

    def interrupt(self, target: RunTarget, artifact: Artifact) -> None:
        """Begin to prepare *artifact*, and interrupt the wait."""

        def stop() -> None:
            raise Interrupted("the run was interrupted")

        with pytest.raises(Interrupted):
            target.prepare(artifact, Preparation("web", "r-1-build", Waiter(self.clock, stop)))

    def stopped(self, target: RunTarget) -> None:
        """Stop the environment and wait until it has stopped."""
        target.stop()
        self.eventually(lambda: not target.fleet_status().started and not target.fleet_status().instances, "the stop")

    def print_as(self, target: RunTarget, *releases: int) -> None:
        """Run each of *releases* of the service `worker` until it has printed a line."""
        for release in releases:
            target.set_fleet({"worker": {release: self.worker("a line")}})
            query = LogQuery(release=release)
            self.eventually(lambda q=query: bool(list(target.logs("worker", q))), "the line")  # type: ignore[misc]  # bound at once
        target.set_fleet({"worker": {}})
        self.eventually(lambda: not target.fleet_status().instances, "the end of worker")

    def eventually(self, seen: Callable[[], bool], what: str) -> None:
        Waiter(self.clock).wait_until(lambda: seen() or None, within=30, waiting_for=what)

    def ready(self, target: RunTarget, release: int, service: str = "web") -> int:
        """Return the number of ready instances of a revision."""
        return self.states(target, release, service).count("ready")

    def states(self, target: RunTarget, release: int, service: str = "web") -> list[str]:
        """Return the state of each instance of a revision."""
        every = target.fleet_status().instances
        return [one.state for one in every if (one.service, one.release) == (service, release)]

    def up(self, target: RunTarget, *releases: int, count: int = 1, edge: Edge = EDGE, drain_s: float = 3.0) -> None:
        """Start the edge and a fleet of these releases, and wait until they are ready."""
        target.start()
        target.claim()
        target.set_edge(edge)
        member = self.member(count=count, drain_s=drain_s)
        target.set_fleet({"web": dict.fromkeys(releases, member)})
        for release in releases:
            self.eventually(lambda r=release: self.ready(target, r) == count, f"web@{release}")  # type: ignore[misc]  # bound at once

    def served(self, target: RunTarget, shares: Shares) -> None:
        """Wait until the actual traffic is *shares*."""
        self.eventually(lambda: target.traffic_status().actual.get("web", {}) == shares, f"traffic {shares}")

    def start_with_request_in_flight(self, target: RunTarget, *, takes_s: float) -> None:
        """Start releases 1 and 2, and a request to release 1 that is in flight."""
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        self.start_request(target, takes_s=takes_s)

    def test_a_new_environment_has_no_instances_traffic_or_jobs(self, target: RunTarget) -> None:
        assert target.fleet_status().instances == ()
        assert target.traffic_status().actual == {}
        assert target.job_state("r-1-build").state == "none"

    def test_a_fleet_becomes_ready(self, target: RunTarget) -> None:
        self.up(target, 1, count=2)
        assert len({one.id for one in target.fleet_status().instances}) == 2
        assert target.fleet_status().wanted["web"][1].count == 2

    def test_a_repeated_request_starts_no_further_instance(self, target: RunTarget) -> None:
        self.up(target, 1)
        before = [(one.id, one.restarts) for one in target.fleet_status().instances]
        self.up(target, 1)
        assert [(one.id, one.restarts) for one in target.fleet_status().instances] == before

    def test_two_revisions_run_side_by_side(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        assert len({one.address for one in target.fleet_status().instances}) == 2

    def test_services_that_a_request_does_not_name_keep_running(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_fleet({"other": {1: self.member("other")}})
        self.eventually(lambda: self.ready(target, 1, "other") == 1, "other@1")
        assert self.ready(target, 1) == 1

    def test_a_service_without_a_port_has_no_address(self, target: RunTarget) -> None:
        target.start()
        target.set_fleet({"worker": {1: self.worker()}})
        self.eventually(lambda: self.ready(target, 1, "worker") == 1, "worker@1")
        assert [one.address for one in target.fleet_status().instances] == [None]
        assert "worker" not in target.traffic_status().listeners

    def test_the_lines_that_a_service_prints_are_in_its_logs(self, target: RunTarget) -> None:
        target.start()
        target.set_fleet({"worker": {7: self.worker("one", "two", "three")}})
        self.eventually(lambda: len(list(target.logs("worker"))) == 3, "the lines")
        logged = list(target.logs("worker"))
        assert [each.line for each in logged] == ["one", "two", "three"]
        assert {(each.service, each.release, each.instance, each.stream) for each in logged} == {
            ("worker", 7, logged[0].instance, "out")
        }
        assert [each.line for each in target.logs("worker", LogQuery(lines=2))] == ["two", "three"]
        assert [each.line for each in target.logs("worker", LogQuery(release=7, instance=logged[0].instance))] == [
            *("one", "two", "three")
        ]
        assert list(target.logs("worker", LogQuery(release=6))) == []
        assert list(target.logs("worker", LogQuery(instance=f"{logged[0].instance}0"))) == []
        followed = target.logs("worker", LogQuery(lines=1, follow=True), ended=lambda: True)
        assert [each.line for each in followed] == ["three"]
        assert list(target.logs("web")) == []

    def test_an_unready_instance_gets_no_traffic_until_it_is_ready_again(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 50.0, 2: 50.0}}),))
        self.served(target, {1: 50.0, 2: 50.0})
        self.set_ready(2, False)
        self.served(target, {1: 100.0})
        assert self.states(target, 2) == ["unready"]
        self.set_ready(2, True)
        self.served(target, {1: 50.0, 2: 50.0})
        assert self.states(target, 2) == ["ready"]

    @pytest.mark.slow
    def test_an_instance_drains_until_its_requests_have_ended(self, target: RunTarget) -> None:
        self.up(target, 1, drain_s=60)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        self.start_request(target, takes_s=4)
        target.set_fleet({"web": {}})
        self.eventually(lambda: self.states(target, 1) == ["draining"], "the drain")
        self.eventually(lambda: self.states(target, 1) == [], "the end of the drain")
        assert target.fleet_status().endings == {}

    def test_a_request_that_is_open_at_the_end_of_the_drain_is_cut_and_counted(self, target: RunTarget) -> None:
        self.up(target, 1, drain_s=1)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        self.start_request(target, takes_s=50)
        target.set_fleet({"web": {}})
        self.eventually(lambda: self.states(target, 1) == [], "the end of the drain")
        assert target.fleet_status().endings == {"web@1": Endings(requests=1)}

    def test_lost_instances_are_stopped_and_run_again_after_a_start(self, target: RunTarget) -> None:
        self.up(target, 1)
        self.lose(target)
        assert self.states(target, 1) == ["stopped"]
        assert not target.fleet_status().supervised
        target.start()
        self.eventually(lambda: self.ready(target, 1) == 1, "web@1")
        assert target.fleet_status().supervised

    def test_an_empty_fleet_leaves_no_instance(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_fleet({"web": {}})
        self.eventually(lambda: not target.fleet_status().instances, "the end of web")

    def test_fewer_replicas_do_not_restart_the_others(self, target: RunTarget) -> None:
        self.up(target, 1, count=3)
        target.set_fleet({"web": {1: self.member(count=1)}})
        self.eventually(lambda: len(target.fleet_status().instances) == 1, "one of three")
        assert self.ready(target, 1) == 1

    @pytest.mark.parametrize("request_name", CHANGING)
    def test_an_older_fence_is_refused(self, target: RunTarget, request_name: str) -> None:
        target.start()
        target.claim()
        with pytest.raises(FenceRefused):
            CHANGING[request_name](target.for_run(FENCE - 1), self)

    def test_the_same_fence_may_claim_again_and_every_older_one_is_refused(self, target: RunTarget) -> None:
        target.start()
        target.claim()
        target.claim()
        target.set_fleet({"web": {1: self.member()}})
        target.for_run(FENCE + 1).claim()
        with pytest.raises(FenceRefused):
            target.claim()
        assert list(target.fleet_status().wanted) == ["web"]

    def test_traffic_has_the_requested_shares(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        target.set_traffic((Shift({"web": {1: 75.0, 2: 25.0}}),))
        self.served(target, {1: 75.0, 2: 25.0})
        assert target.traffic_status().wanted["web"] == {1: 75.0, 2: 25.0}

    def test_the_share_of_a_revision_without_instances_goes_to_ready_ones(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_traffic((Shift({"web": {1: 50.0, 2: 50.0}}),))
        self.served(target, {1: 100.0})

    def test_after_several_shifts_traffic_is_that_of_the_last_one(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 50.0, 2: 50.0}}), Shift({"web": {2: 100.0}})))
        assert target.traffic_status().wanted["web"] == {2: 100.0}
        self.served(target, {2: 100.0})

    def test_a_shift_waits_until_the_one_before_is_drained(self, target: RunTarget) -> None:
        self.start_with_request_in_flight(target, takes_s=1.0)
        target.set_traffic(CALLER_FIRST)
        self.eventually(lambda: target.traffic_status().in_flight == {"web@1": 1}, "the request that is waited for")
        now = target.traffic_status()
        assert (now.wanted["web"], now.actual["web"], now.pending) == ({1: 50.0, 2: 50.0}, {2: 100.0}, 1)
        self.served(target, {1: 50.0, 2: 50.0})
        assert (target.traffic_status().pending, target.traffic_status().undrained) == (0, {})

    def test_a_shift_waits_no_longer_than_the_drain(self, target: RunTarget) -> None:
        self.start_with_request_in_flight(target, takes_s=3.0)
        target.set_traffic((Shift({"web": {2: 100.0}}, {"web": {1: 0.3}}), *CALLER_FIRST[1:]))
        self.served(target, {1: 50.0, 2: 50.0})
        assert target.traffic_status().undrained == {"web@1": 1}

    def test_a_later_request_replaces_shifts_that_wait(self, target: RunTarget) -> None:
        self.start_with_request_in_flight(target, takes_s=1.0)
        target.set_traffic(CALLER_FIRST)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        assert target.traffic_status().pending == 0

    @pytest.mark.slow
    def test_an_expired_lease_reverts_traffic_in_the_order_of_its_shifts(self, target: RunTarget) -> None:
        self.start_with_request_in_flight(target, takes_s=2.0)
        target.set_traffic((Shift({"web": {1: 100.0}}),), TrafficLease(0.3, CALLER_FIRST))
        self.eventually(lambda: target.traffic_status().in_flight == {"web@1": 1}, "the request that is waited for")
        assert target.traffic_status().reverted
        self.served(target, {1: 50.0, 2: 50.0})

    def test_maintenance_is_of_the_front_doors_alone_and_outlasts_a_newer_run(self, target: RunTarget) -> None:
        on = Maintenance("soon", by="ada")
        self.up(target, 1)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        target.set_maintenance(on)
        self.eventually(lambda: target.traffic_status().maintained == on, "maintenance")
        target.for_run(FENCE + 1).set_edge(EDGE)
        assert target.traffic_status().maintenance == on
        assert target.send(HttpRequest("GET", "/"), "front").status == 200
        target.set_maintenance(None)
        self.eventually(lambda: target.traffic_status().maintained is None, "the end of maintenance")
        assert target.send(HttpRequest("GET", "/"), "front").status == 200

    def test_the_preview_leads_to_ready_instances_of_the_requested_release(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        target.set_preview({"web": 2, "other": 3})
        self.eventually(lambda: target.traffic_status().previewed == {"web": 2}, "the preview of web@2")
        assert target.traffic_status().preview == {"web": 2, "other": 3}
        self.served(target, {1: 100.0})

    def test_the_preview_of_a_release_that_receives_all_traffic_leads_to_it(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_preview({"web": 2})
        target.set_traffic((Shift({"web": {2: 100.0}}),))
        self.served(target, {2: 100.0})
        assert target.traffic_status().previewed == {"web": 2}

    def test_a_preview_ends_with_the_instances_of_its_release(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_preview({"web": 2})
        self.eventually(lambda: target.traffic_status().previewed == {"web": 2}, "the preview of web@2")
        target.set_fleet({"web": {1: self.member()}})
        self.eventually(lambda: not target.traffic_status().previewed, "the end of the preview")

    def test_a_preview_is_replaced_as_a_whole(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_preview({"web": 2})
        target.set_preview({})
        self.eventually(lambda: not target.traffic_status().previewed, "the end of the preview")
        assert target.traffic_status().preview == {}

    def release_at(self, target: RunTarget, door: EntranceName) -> str:
        """Return the release that responds to a request through *door*."""
        response = target.send(HttpRequest("GET", "/", host="web"), door)
        assert (response.status, response.took_s < 10) == (200, True)
        return dict(response.headers)["x-mainstay-release"]

    def test_a_request_through_a_door_meets_the_release_to_which_it_leads(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        target.set_preview({"web": 2})
        self.eventually(lambda: target.traffic_status().previewed == {"web": 2}, "the preview of web@2")
        assert (self.release_at(target, "front"), self.release_at(target, "preview")) == ("1", "2")

    def test_a_request_to_the_replaced_release_meets_it_though_it_has_no_traffic(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {2: 100.0}}),))
        self.served(target, {2: 100.0})
        target.set_preview({"web": 2}, {"web": 1})
        self.eventually(lambda: self.release_at(target, "replaced") == "1", "the way to web@1")
        assert (self.release_at(target, "front"), self.release_at(target, "preview")) == ("2", "2")

    def test_requests_through_the_preview_door_are_counted_for_the_release_that_they_reach(
        self, target: RunTarget
    ) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {2: 100.0}}),))
        self.served(target, {2: 100.0})
        target.set_preview({"web": 2}, {"web": 1})
        self.eventually(lambda: self.release_at(target, "replaced") == "1", "the way to web@1")
        self.eventually(lambda: self.release_at(target, "preview") == "2", "the way to web@2")

        def reached() -> set[int]:
            counts = dict(target.signals().counts)
            return {release for release in (1, 2) if previewed_of(counts, "web", release).requests}

        self.eventually(lambda: reached() == {1, 2}, "the requests in the counters")

    def test_a_request_without_an_edge_is_unreachable(self, target: RunTarget) -> None:
        target.start()
        with pytest.raises(Unreachable):
            target.send(HttpRequest("GET", "/"), "front")

    def test_traffic_is_reverted_without_heartbeats(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {2: 100.0}}),), TrafficLease(1.0, (Shift({"web": {1: 100.0}}),)))
        assert target.traffic_status().reverts_to == {"web": {1: 100.0}}
        self.served(target, {1: 100.0})
        assert target.traffic_status().reverted

    @pytest.mark.slow
    def test_traffic_stays_while_heartbeats_arrive(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {2: 100.0}}),), TrafficLease(2.0, (Shift({"web": {1: 100.0}}),)))
        for _ in range(6):
            target.heartbeat()
            self.clock.pause(0.5)
        self.served(target, {2: 100.0})
        assert not target.traffic_status().reverted

    def test_a_new_traffic_request_cancels_the_automatic_revert(self, target: RunTarget) -> None:
        self.up(target, 1, 2)
        target.set_traffic((Shift({"web": {2: 100.0}}),), TrafficLease(0.5, (Shift({"web": {1: 100.0}}),)))
        target.set_traffic((Shift({"web": {2: 100.0}}),))
        self.clock.pause(1.0)
        self.served(target, {2: 100.0})
        assert target.traffic_status().reverts_to is None

    def test_a_job_runs_to_its_end(self, target: RunTarget) -> None:
        target.start()
        target.start_job(self.job("r-1-build"))
        self.eventually(lambda: target.job_state("r-1-build").state == "ended", "the job's end")
        assert target.job_state("r-1-build").code == 0

    def test_a_known_job_is_not_started_again(self, target: RunTarget) -> None:
        target.start()
        target.start_job(self.job("r-1-build"))
        self.eventually(lambda: target.job_state("r-1-build").state == "ended", "the job's end")
        before = target.job_state("r-1-build")
        target.start_job(self.job("r-1-build", takes_s=60))
        assert target.job_state("r-1-build") == before

    def test_a_stopped_job_has_ended(self, target: RunTarget) -> None:
        target.start()
        target.start_job(self.job("r-1-build", takes_s=60))
        assert target.job_state("r-1-build").state == "running"
        target.stop_job("r-1-build")
        assert target.job_state("r-1-build").state in {"ended", "lost"}
        assert target.job_state("r-1-build").code != 0

    def test_stopping_a_job_that_never_ran_is_not_an_error(self, target: RunTarget) -> None:
        target.start()
        target.stop_job("r-1-build")
        assert target.job_state("r-1-build").state == "none"

    def test_a_stopped_environment_has_no_instances_and_keeps_its_state(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        self.stopped(target)
        assert target.fleet_status().wanted["web"][1].count == 1
        assert target.traffic_status().wanted["web"] == {1: 100.0}

    def test_a_start_restores_the_state_before_the_stop(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        url = target.traffic_status().url
        self.stopped(target)
        target.start()
        self.served(target, {1: 100.0})
        assert target.traffic_status().url == url

    def test_the_endpoints_are_the_front_door_the_internal_address_and_the_instances(self, target: RunTarget) -> None:
        assert target.endpoints() == ()
        self.up(target, 1)
        self.eventually(lambda: target.traffic_status().open, "an open edge")
        found = [each for each in target.endpoints() if each.protocol == "tcp"]
        assert {(each.what, each.of) for each in found} == {
            ("front door", "edge"), ("internal address", "web"), ("instance", "web-1-1")
        }  # fmt: skip
        assert all(each.declared and each.reach == "this machine" for each in found)
        instance, *_ = target.fleet_status().instances
        assert instance.address in {each.address for each in found}

    def test_a_stopped_environment_has_no_endpoints(self, target: RunTarget) -> None:
        self.up(target, 1)
        self.stopped(target)
        self.eventually(lambda: not target.endpoints(), "the end of the sockets")

    def test_an_edge_that_serves_has_no_problem(self, target: RunTarget) -> None:
        self.up(target, 1)
        self.eventually(lambda: target.traffic_status().open, "an open edge")
        assert target.traffic_status().problem is None

    @pytest.mark.slow
    def test_an_edge_that_cannot_serve_reports_why_until_it_serves_again(self, target: RunTarget) -> None:
        self.up(target, 1)
        target.set_traffic((Shift({"web": {1: 100.0}}),))
        self.served(target, {1: 100.0})
        with self.edge_unable_to_serve(target) as cause:
            self.eventually(lambda: cause in str(target.traffic_status().problem), f"the problem {cause}")
            serving = target.traffic_status()
            assert (serving.open, serving.actual.get("web", {})) == (False, {})
            assert serving.problem is not None
            assert serving.problem.code
            assert serving.problem.remedy
        self.served(target, {1: 100.0})
        self.eventually(lambda: target.traffic_status().open, "an open edge")
        assert target.traffic_status().problem is None

    def test_the_url_is_the_front_door_and_a_route_may_have_its_own_port(self, target: RunTarget) -> None:
        front, own = free_port(), free_port()
        routes = (Route("/", "web"), Route("/api", "web", listen=own))
        self.up(target, 1, edge=Edge(http=front, routes=routes, address="127.0.0.1"))
        serving = target.traffic_status()
        assert [urlsplit(door).port for door in serving.doors] == [front, own]
        assert serving.url == serving.doors[0]

    def test_a_service_keeps_its_internal_address(self, target: RunTarget) -> None:
        self.up(target, 1)
        address = target.traffic_status().listeners["web"]
        target.set_fleet({"web": {2: self.member()}, "other": {1: self.member("other")}})
        self.eventually(lambda: self.ready(target, 2) == 1 and self.ready(target, 1, "other") == 1, "both")
        assert target.traffic_status().listeners["web"] == address
        assert target.traffic_status().listeners["other"] != address

    def test_a_port_of_another_program_is_refused_with_its_holder_and_nothing_changes(self, target: RunTarget) -> None:
        self.up(target, 1)
        before = target.traffic_status()
        port = free_port()
        for wanted in (
            Edge(http=port, routes=EDGE.routes, address="127.0.0.1"),
            Edge(http=0, routes=(Route("/", "web", listen=port),), address="127.0.0.1"),
        ):
            with self.another_program(port) as holder:
                with pytest.raises(PortTaken, match=f"port {port} is taken by {holder}"):
                    target.require_free_ports(wanted)
                with pytest.raises(PortTaken, match=f"port {port} is taken by {holder}"):
                    target.set_edge(wanted)
            assert target.traffic_status() == before
            target.require_free_ports(wanted)

    def test_its_own_ports_are_not_refused_as_taken(self, target: RunTarget) -> None:
        edge = Edge(http=free_port(), routes=EDGE.routes, address="127.0.0.1")
        self.up(target, 1, edge=edge)
        self.eventually(lambda: target.traffic_status().open, "the edge")
        target.require_free_ports(edge)
        assert target.traffic_status().edge == edge

    def test_without_an_edge_there_are_no_ports(self, target: RunTarget) -> None:
        self.up(target, 1)
        assert target.traffic_status().url
        target.set_edge(None)
        self.eventually(lambda: not target.traffic_status().url, "the end of the edge")

    def test_an_artifact_is_present_once_it_is_prepared(self, target: RunTarget) -> None:
        target.start()
        artifact = self.artifact("key1")
        assert target.prepared(artifact, self.preparation()) == "absent"
        assert target.prepare(artifact, self.preparation())
        assert target.prepared(artifact, self.preparation()) == "present"
        assert target.facts().prepared == {"key1"}
        target.prepare(artifact, self.preparation())

    def test_a_complete_artifact_is_kept_when_it_is_discarded(self, target: RunTarget) -> None:
        target.start()
        artifact = self.artifact("key1")
        target.prepare(artifact, self.preparation())
        assert target.discard(artifact, self.preparation())
        assert target.prepared(artifact, self.preparation()) == "present"

    @pytest.mark.slow
    def test_an_incomplete_artifact_is_removed_when_it_is_discarded(self, target: RunTarget) -> None:
        target.start()
        artifact = self.artifact("key1", takes_s=60)
        self.interrupt(target, artifact)
        assert target.prepared(artifact, self.preparation()) == "partial"
        assert target.facts().prepared == frozenset()
        target.discard(artifact, self.preparation())
        target.discard(artifact, self.preparation())
        assert target.prepared(artifact, self.preparation("r-2-build")) == "absent"

    def test_an_interrupted_preparation_is_finished_by_the_next_one(self, target: RunTarget) -> None:
        target.start()
        artifact = self.artifact("key1", takes_s=2)
        self.interrupt(target, artifact)
        target.prepare(artifact, self.preparation())
        assert target.prepared(artifact, self.preparation()) == "present"

    def test_a_damaged_artifact_is_found_among_the_live_ones_and_repaired(self, target: RunTarget) -> None:
        target.start()
        artifact = self.artifact("key1")
        target.prepare(artifact, self.preparation())
        assert target.facts(live=["key1"]).damaged == frozenset()
        self.damage(artifact)
        assert target.facts().damaged == frozenset()
        assert target.facts(live=["key1"]).damaged == {"key1"}
        assert target.prepared(artifact, self.preparation()) == "partial"
        target.prepare(artifact, self.preparation())
        assert target.prepared(artifact, self.preparation()) == "present"

    def test_facts_measure_the_sources_and_change_with_them(self, target: RunTarget, tmp_path: Path) -> None:
        folder = tmp_path / "measured"
        folder.mkdir()
        (folder / "app.py").write_text("1")
        source = Source(str(folder))
        first = target.facts(sources=[source]).sources
        assert first[source].files == 1
        assert target.facts(sources=[source]).sources == first
        (folder / "app.py").write_text("2")
        assert target.facts(sources=[source]).sources[source].digest != first[source].digest

    def test_facts_name_an_interpreter_only_when_a_path_is_given(self, target: RunTarget) -> None:
        assert target.facts().python == ""
        assert target.facts(path="").python

    def test_services_are_known_by_the_logs_that_their_instances_wrote(self, target: RunTarget) -> None:
        target.start()
        assert "worker" not in target.known_services()
        self.print_as(target, 6, 7)
        assert [one.release for one in target.known_services()["worker"]] == [6, 7]
        (newest,) = [one.instance for one in target.known_services()["worker"] if one.release == 7]
        assert [each.line for each in target.logs("worker", LogQuery(instance=newest))] == ["a line"]

    def test_pruning_keeps_the_revisions_and_artifacts_of_kept_releases(self, target: RunTarget) -> None:
        target.start()
        self.print_as(target, 6, 7)
        old, new = self.artifact("key6"), self.artifact("key7")
        target.prepare(old, self.preparation("r-6-build"))
        target.prepare(new, self.preparation("r-7-build"))
        kept = Retained(frozenset({7}), frozenset({("worker", 7)}), frozenset({"key7"}))
        for _ in range(2):
            target.prune(kept)
            assert [one.release for one in target.known_services()["worker"]] == [7]
            assert target.facts().prepared == {"key7"}

    def test_pruning_keeps_the_logs_of_releases_that_failed(self, target: RunTarget) -> None:
        target.start()
        self.print_as(target, 6, 7, 8)
        target.prune(Retained(frozenset({7}), frozenset({("worker", 7)}), frozenset(), frozenset({("worker", 8)})))
        assert [one.release for one in target.known_services()["worker"]] == [7, 8]

    def test_removing_a_stopped_environment_leaves_no_data(self, target: RunTarget) -> None:
        target.start()
        self.print_as(target, 1)
        artifact = self.artifact("key1")
        target.prepare(artifact, self.preparation())
        self.stopped(target)
        assert target.data_left() == "present"
        assert target.remove() > 0
        assert target.data_left() == "absent"
        assert target.known_services() == {}
        assert target.facts().prepared == frozenset()
        assert target.remove() == 0
