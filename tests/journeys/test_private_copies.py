"""`read_only: false`: files that an instance wrote to its private copy are counted and kept after it has ended."""

from typing import Any

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp


def writing(version: str) -> WebApp:
    script = "echo $MAINSTAY_INSTANCE > note; exec {python} app.py"
    service: dict[str, Any] = {"command": ["sh", "-c", script], "read_only": False}
    return WebApp(version, replicas=2, service=service)


def test_files_written_to_a_private_copy_are_reported_and_kept_until_the_release_is_removed(sandbox: Sandbox) -> None:
    sandbox.ship(writing("1"))
    (note,) = [note for note in sandbox.query("plan")["notes"] if "private copy" in note] or [""]
    assert note == "", "a plan without new instances has no note on private copies"
    sandbox.write(writing("2"))
    (note,) = [note for note in sandbox.query("plan")["notes"] if "private copy" in note]
    assert f"kept in {sandbox.state}/written/web" in note
    result = sandbox.run("deploy", "--yes")
    assert f"2 written files kept in {sandbox.state}/written/web" in result.out, result
    down = sandbox.run("down", "--yes")
    assert f"2 written files kept in {sandbox.state}/written" in down.out, down
    kept = {path.parent.name: path.read_text() for path in (sandbox.state / "written").rglob("note")}
    assert kept == {name: f"{name}\n" for name in ("web-1-1", "web-1-2", "web-2-1", "web-2-2")}
    sandbox.run("down", "--data", "--confirm", "parrot/local")
    assert not (sandbox.state / "written").exists()
