"""What happens before the first step of a run: the environment is woken where it is stopped."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.engine.runner import Carrier
from mainstay.operations.session import begin
from mainstay.planning.plan import Plan
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.operations.place import Place
from tests.shop import first_plan


@pytest.mark.parametrize(("kind", "awake"), [("deploy", True), ("rollback", True), ("down", False)])
def test_only_a_run_that_stops_the_environment_leaves_it_stopped(tmp_path: Path, kind: str, awake: bool) -> None:
    place = Place(tmp_path, "system: shop\nversion: 1.0.0\nservices: {}\n")
    place.world.folders.state.mkdir()
    plan: Plan = replace(first_plan(), kind=kind, environment=place.world.environment)
    with pytest.raises(PowerCut):
        begin(plan, PoweredJournal(MemoryJournal(), Power(cut_at=1)), place.context, Carrier.here(place.world.clock))
    assert place.world.target.running().awake is awake
