"""Two shells: what a shell exports changes nothing in a release."""

import subprocess
from pathlib import Path

import pytest

from tests.journeys.parrot import Parrot
from tests.journeys.place import Place

pytestmark = pytest.mark.slow

COUNTED = """
import os, pathlib
with open(os.environ["HOME"] + "/builds", "a") as builds:
    builds.write(os.environ["PATH"] + "\\n")
"""
TAGGED = Parrot(
    "1", build=[["{python}", "build.py"]], builder=COUNTED, service={"source": {"git": "web", "ref": "v{version}"}}
)


def test_the_same_tag_from_another_shell_is_the_same_release(place: Place) -> None:
    place.holds(TAGGED)
    tag(place, "v1")
    place.run("up", "--yes")
    other = other_shell(place)
    manifest = str(place.checkout / "mainstay.yaml")
    for shell in (other, other | {"PATH": "/bin"}, other | {"LANG": ""}):
        plan = place.ask("-f", manifest, "plan", exported=shell, checkout=Path("/"), umask=0o077)
        assert (plan["phases"], plan["changes"]) == ([], []), plan
    place.run("-f", manifest, "deploy", "--yes", exported=other, checkout=Path("/"), umask=0o077)
    assert [run["kind"] for run in place.ask("history")] == ["deploy"]


def test_a_plan_made_in_one_shell_is_carried_out_from_another(place: Place) -> None:
    place.holds(TAGGED)
    tag(place, "v1")
    plan = place.ask("plan")["id"]
    place.run("deploy", "--plan", plan, "--yes", exported=other_shell(place), umask=0o077)
    assert place.get() == (200, "version 1")
    (builds,) = place.state.glob("homes/*/builds")
    (path,) = builds.read_text().splitlines()
    assert path.endswith(f":{place.folder}/shims"), "a build may use the tools of the person who deploys"


def test_a_command_that_only_the_shell_finds_is_refused_with_what_to_write(place: Place) -> None:
    shims = other_shell(place)["PATH"].partition(":")[0]
    place.holds(Parrot("1", service={"command": ["parrot-python", "app.py"]}))
    said = place.run("up", "--yes", exported={"PATH": f"{shims}:/usr/bin:/bin"}, ends=1)
    assert f"this shell finds {shims}/parrot-python" in said.out, said
    assert f"write {shims}/parrot-python in `command`" in said.out, said


def tag(place: Place, name: str) -> None:
    """Commit what the service's source holds, and tag it."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "--all"], [*who, "commit", "--quiet", "-m", "."], ["tag", name]):
        subprocess.run(
            ["git", *words], cwd=place.checkout / "web", check=True, env=place.environment, **place.person.becomes
        )


def other_shell(place: Place) -> dict[str, str]:
    """What another person's shell exports: another PATH with tools of their own, language, zone, home, environment."""
    shims = place.folder / "shims"
    shims.mkdir(exist_ok=True)
    shims.chmod(0o755)
    for name in ("python3", "parrot-python"):
        (shims / name).unlink(missing_ok=True)
        (shims / name).symlink_to("/usr/bin/python3")
    home = place.folder / "home-of-another"
    home.mkdir(exist_ok=True)
    return {
        "PATH": f"{shims}:/bin:/usr/bin",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "HOME": str(home),
        "VIRTUAL_ENV": str(shims.parent),
        "UV_PYTHON": str(shims / "python3"),
    }
