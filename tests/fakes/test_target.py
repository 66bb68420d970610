"""The target in memory satisfies the contract of every target, so tests may use it in place of a real one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mainstay.drivers.targets.target import RunTarget
from mainstay.model import Artifact, Health, Image, Job, Member, Revision, Workload
from tests.contracts.target import FENCE, TargetContract
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget


class TestFakeTarget(TargetContract):
    @pytest.fixture
    def target(self) -> FakeTarget:
        self.clock = self.turnable = TurnableClock()
        self.fake = FakeTarget(self.clock).for_run(FENCE)
        return self.fake

    @contextmanager
    def edge_unable_to_serve(self, target: RunTarget) -> Iterator[str]:
        self.fake.edge_problem = "port 8080 is taken by python3 (pid 812)"
        yield self.fake.edge_problem
        self.fake.edge_problem = ""

    def member(self, service: str = "web", count: int = 1, *, drain_s: float = 3.0) -> Member:
        workload = Workload(service, ("serve",), health=Health("http", ready="/"), drain_s=drain_s)
        return Member(workload, count, "1.0.0")

    def worker(self, *lines: str) -> Member:
        self.fake.prints["worker"] = lines
        return Member(Workload("worker", ("work",), listens=False), 1, "1.0.0")

    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        self.fake.job_takes_s = takes_s
        return Job(identity, "Build", ("true",), "/")

    def start_request(self, target: RunTarget, *, takes_s: float) -> None:
        (release,) = target.traffic_status().actual["web"]
        self.fake.in_flight[f"web@{release}"] = 1
        end_at = self.clock.monotonic() + takes_s

        def end() -> None:
            if self.clock.monotonic() >= end_at:
                self.fake.in_flight.clear()

        self.turnable.paused = end

    @contextmanager
    def another_program(self, port: int) -> Iterator[str]:
        self.fake.taken[port] = "nginx"
        yield "nginx"
        del self.fake.taken[port]

    def artifact(self, key: str, *, takes_s: float = 0) -> Artifact:
        self.fake.artifacts_take_s = takes_s
        return Image(key, f"shop/{key}:1", f"sha256:{key}")

    def damage(self, artifact: Artifact) -> None:
        self.fake.damaged.add(artifact.key)

    def set_ready(self, release: int, ready: bool) -> None:
        (self.fake.unready.discard if ready else self.fake.unready.add)(Revision("web", release))

    def lose(self, target: RunTarget) -> None:
        self.fake.lose()
