"""The checkout is changed, or broken, while a run goes on: what was planned is what counts."""

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow
BROKEN = "system: parrot\nversion: [1\nservices: {web: {comand: true}}\n\t- nonsense"


@pytest.mark.failure("F21")
def test_a_broken_manifest_stops_neither_resume_nor_status_nor_rollback(anyones: Place) -> None:
    anyones.ship(Parrot("1"))
    anyones.holds(Parrot("2", behaviour={"ready_after": 1}))
    deploy = anyones.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    deploy.kill()
    (anyones.checkout / "mainstay.yaml").write_text(BROKEN)
    anyones.run("deploy", "--yes", ends=4)
    anyones.run("resume")
    assert assert_whole(anyones)["release"]["version"] == "2"
    anyones.run("rollback", "--yes")
    assert assert_whole(anyones)["release"]["version"] == "1"
    assert "version 1 listens" in anyones.run("logs", "web").out
    assert [run["outcome"] for run in anyones.ask("history")] == ["released", "released", "released"]
    anyones.run("deploy", "--yes", ends=2)
    anyones.run("down", "--yes")


def test_a_manifest_that_is_gone_stops_neither_resume_nor_down(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", behaviour={"ready_after": 1}))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Start web@2")
    deploy.kill()
    (place.checkout / "mainstay.yaml").unlink()
    place.run("resume")
    assert assert_whole(place)["release"]["version"] == "2"


def test_a_tree_that_was_edited_between_plan_and_copy_is_not_shipped(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", files=4000))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Copy")
    deploy.kill()
    (place.checkout / "web" / "leaf-3999").write_text("edited")
    said = place.run("resume", ends=1)
    assert "changed since the plan" in said.out + said.err, said
    assert assert_whole(place)["release"]["version"] == "1"
    assert not [path for path in (place.state / "content").iterdir() if path.name.endswith(".copy")]


def test_a_plan_is_stale_once_the_tree_was_edited(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2"))
    plan = place.ask("plan")["id"]
    (place.checkout / "web" / "says").write_text("edited")
    said = place.run("deploy", "--plan", plan, "--yes", ends=3)
    assert "stale" in said.err
    assert assert_whole(place)["release"]["version"] == "1"


def test_an_edit_after_the_release_changes_nothing_that_runs(place: Place) -> None:
    place.ship(Parrot("1"))
    (place.checkout / "web" / "says").write_text("edited")
    place.instances()[0].end()
    assert_whole(place)
    assert place.get() == (200, "version 1")
