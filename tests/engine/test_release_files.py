"""The files of a release, as contract section 2 lists them."""

import os
from pathlib import Path

from msgspec.structs import replace

from mainstay.engine.engine import begin
from mainstay.model import ServiceRelease, Strategy, Workload
from tests.engine.items import Put, item_world, plan_of, runner_of
from tests.fakes.journal import MemoryJournal


def test_a_release_links_to_the_content_of_each_service(tmp_path: Path) -> None:
    world = item_world(tmp_path)
    plan = plan_of((Put(name="a"),))
    web = ServiceRelease(2, Workload("web", ("./web",), artifact="abc"), 1, "2", Strategy())
    plan = replace(plan, release=replace(plan.release, services={"web": web}))
    begin(plan, world, MemoryJournal(), runner_of(world))
    folder = world.folders.release(plan.release.number)
    assert os.readlink(folder / "web") == "../../content/abc"
    assert (folder / "release.json").exists()
