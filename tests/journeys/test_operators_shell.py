"""The variables of the operator's shell do not change a release."""

from pathlib import Path

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

COUNTING_BUILDER = """
import os, pathlib
with open(os.environ["HOME"] + "/builds", "a") as builds:
    builds.write(os.environ["PATH"] + "\\n")
"""
TAGGED = WebApp(
    "1",
    build=[["{python}", "build.py"]],
    builder=COUNTING_BUILDER,
    service={"source": {"git": "web", "ref": "v{version}"}},
)


def test_the_same_tag_from_another_shell_is_the_same_release(sandbox: Sandbox) -> None:
    sandbox.write(TAGGED)
    sandbox.commit("v1", folder=sandbox.checkout / "web")
    sandbox.run("up", "--yes")
    other = other_shell(sandbox)
    manifest = str(sandbox.checkout / "mainstay.yaml")
    for shell in (other, other | {"PATH": "/bin"}, other | {"LANG": ""}):
        plan = sandbox.query("-f", manifest, "plan", exported=shell, checkout=Path("/"), umask=0o077)
        assert (plan["phases"], plan["changes"]) == ([], []), plan
    sandbox.run("-f", manifest, "deploy", "--yes", exported=other, checkout=Path("/"), umask=0o077)
    assert [run["kind"] for run in sandbox.query("history")] == ["deploy"]


def test_a_plan_made_in_one_shell_is_executed_from_another(sandbox: Sandbox) -> None:
    sandbox.write(TAGGED)
    sandbox.commit("v1", folder=sandbox.checkout / "web")
    plan = sandbox.query("plan")["id"]
    sandbox.run("deploy", "--plan", plan, "--yes", exported=other_shell(sandbox), umask=0o077)
    assert sandbox.get() == (200, "version 1")
    (builds,) = sandbox.state.glob("homes/*/builds")
    (path,) = builds.read_text().splitlines()
    assert path.endswith(f":{sandbox.folder}/shims"), "a build may use the tools on the operator's PATH"


def other_shell(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables of another operator's shell, whose PATH starts with its own tools."""
    shims = sandbox.folder / "shims"
    shims.mkdir(exist_ok=True)
    shims.chmod(0o755)
    (shims / "python3").symlink_to("/usr/bin/python3")
    home = sandbox.folder / "other-home"
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
