"""Plain processes keep the contract, with the real supervisor and the real edge."""

from collections.abc import Iterator

import pytest

from mainstay.clock import SystemClock
from mainstay.release import Job, Member
from mainstay.targets.process import ProcessTarget
from tests.contracts.target import TargetContract
from tests.supervisor.place import a_place, member, shell_job
from tests.supervisor.place import service as small


class TestProcessTarget(TargetContract):
    clock = SystemClock()

    @pytest.fixture
    def target(self) -> Iterator[ProcessTarget]:
        with a_place() as place:
            yield place.target

    def member(self, service: str = "web", count: int = 1) -> Member:
        return member(small(service), count)

    def job(self, identity: str, *, takes_s: float = 0) -> Job:
        return shell_job(identity, f"sleep {takes_s}")
