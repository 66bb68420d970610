"""What lies with a release: made from the journal, as contract section 2 lists it."""

import os
from pathlib import Path

from msgspec.structs import replace

from mainstay.engine.engine import begin
from mainstay.model import ServiceRelease, Strategy, Workload
from tests.engine.workbench import Put, bench_world, carrier_of, plan_of
from tests.fakes.journal import MemoryJournal


def test_a_release_links_to_the_content_of_each_service(tmp_path: Path) -> None:
    world = bench_world(tmp_path)
    plan = plan_of((Put(name="a"),))
    web = ServiceRelease(2, Workload("web", ("./web",), artifact="abc"), 1, "2", Strategy())
    plan = replace(plan, release=replace(plan.release, services={"web": web}))
    begin(plan, world, MemoryJournal(), carrier_of(world))
    folder = world.folders.release(plan.release.number)
    assert os.readlink(folder / "web") == "../../content/abc"
    assert (folder / "release.json").exists()
