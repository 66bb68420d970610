"""What a run does before its first step."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.engine.runner import Runner
from mainstay.operations.session import begin
from mainstay.planning.plan import Plan
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.operations.project import Project
from tests.shop import first_plan


@pytest.mark.parametrize(("kind", "started"), [("deploy", True), ("rollback", True), ("down", False)])
def test_only_a_run_that_stops_the_environment_leaves_it_stopped(tmp_path: Path, kind: str, started: bool) -> None:
    project = Project(tmp_path, "system: shop\nversion: 1.0.0\nservices: {}\n")
    project.world.folders.state.mkdir()
    plan: Plan = replace(first_plan(), kind=kind, environment=project.world.environment)
    with pytest.raises(PowerCut):
        begin(plan, PoweredJournal(MemoryJournal(), Power(cut_at=1)), project.context, Runner.here(project.world.clock))
    assert project.world.target.fleet_status().started is started
