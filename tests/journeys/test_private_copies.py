"""`read_only: false`: what an instance wrote beside itself is counted and kept when the instance ends."""

from typing import Any

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow


def writes(version: str) -> Parrot:
    script = "echo $MAINSTAY_INSTANCE > note; exec {python} app.py"
    service: dict[str, Any] = {"command": ["sh", "-c", script], "read_only": False}
    return Parrot(version, replicas=2, service=service)


def test_what_was_written_is_reported_and_kept_until_its_release_is_removed(place: Place) -> None:
    place.ship(writes("1"))
    (note,) = [note for note in place.ask("plan")["notes"] if "private copy" in note] or [""]
    assert note == "", "a plan that starts nothing says nothing about copies"
    place.holds(writes("2"))
    (note,) = [note for note in place.ask("plan")["notes"] if "private copy" in note]
    assert f"kept in {place.state}/written/web" in note
    said = place.run("deploy", "--yes")
    assert f"2 files that it wrote are kept in {place.state}/written/web" in said.out, said
    down = place.run("down", "--yes")
    assert f"2 files that it wrote are kept in {place.state}/written" in down.out, down
    kept = {path.parent.name: path.read_text() for path in (place.state / "written").rglob("note")}
    assert kept == {name: f"{name}\n" for name in ("web-1-1", "web-1-2", "web-2-1", "web-2-2")}
    place.run("down", "--data", "--confirm", "parrot/local")
    assert not (place.state / "written").exists()
