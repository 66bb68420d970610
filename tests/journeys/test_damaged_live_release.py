"""The live release is damaged, and nothing in the manifest has changed: no command calls that done."""

import pytest

from tests.journeys.machine import until
from tests.journeys.parrot import Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow


def crash_looping(place: Place) -> None:
    (place.folder / "licence").unlink()
    for instance in place.instances():
        instance.end()

    def crashed() -> bool:
        return all(one["early_exits"] >= 3 for one in place.status()["services"][0]["instances"])

    until(crashed, within=30, what="three crashes of every instance")


def test_deploy_and_up_fail_where_nothing_changes_and_the_live_release_does_not_run(place: Place) -> None:
    (place.folder / "licence").touch()
    place.ship(Parrot("1", {"licence": place.folder / "licence"}))
    crash_looping(place)
    for verb in ("deploy", "up"):
        refused = place.run(verb, "--yes", ends=1)
        assert "web@1 does not stay up: exit code 1" in refused.err, refused
        assert "nothing to do" not in refused.out, refused
    assert len(place.ask("history")) == 1
    (place.folder / "licence").touch()
    assert "nothing to do" not in place.run("deploy", "--yes").err
    assert place.ask("status")["health"] == "healthy"


@pytest.mark.parametrize("verb", ["up", "deploy"])
def test_the_damaged_content_of_the_live_release_is_repaired(place: Place, verb: str) -> None:
    place.ship(Parrot("1"))
    (content,) = {path.parent for path in place.state.glob("content/*/app.py")}
    content.chmod(0o755)
    (content / "app.py").unlink()
    for instance in place.instances():
        instance.end()
    until(lambda: place.get()[0] != 200, within=10, what="a service that does not answer")
    said = place.run(verb, "--yes")
    assert "1 file damaged (app.py), restored from the source" in said.out, said
    assert place.get() == (200, "version 1")
    assert place.ask("status")["health"] == "healthy"
