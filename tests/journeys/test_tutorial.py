"""The tutorial: each command of its pages is typed in a terminal, in order, and shows what the page shows."""

import json
import re
import site
import subprocess
from pathlib import Path

import pytest

from tests.journeys.documentation import DOCS, Shown, fits, on_screen, shown_on, typed
from tests.journeys.machine import until
from tests.journeys.sandbox import Sandbox

pytestmark = pytest.mark.slow
PAGES = ("tutorial/first-release.md", "tutorial/when-things-go-wrong.md", "tutorial/database.md")
NOT_TYPED = ("make install", "export PATH=")
KILLED = "mainstay deploy & sleep 2; kill -9 $!"
FRONT_DOOR = "localhost:8080"


def test_every_command_of_the_tutorial_shows_what_its_page_shows(sandbox: Sandbox) -> None:
    sandbox.given_state = False
    for page in PAGES:
        for shown in shown_on(page):
            if not shown.command.startswith(NOT_TYPED):
                type_and_compare(sandbox, shown)


def type_and_compare(sandbox: Sandbox, shown: Shown) -> None:
    hello = sandbox.home / "hello"
    if shown.command == KILLED:
        kill_a_deploy(sandbox)
        return
    if shown.command == "mainstay validate":
        write_the_files_of_the_page(hello, shown.page)
    command = shown.command
    if FRONT_DOOR in command:
        command = command.replace(FRONT_DOOR, sandbox.query("status", checkout=hello)["url"])
    output = typed(sandbox, command, code=None)
    assert fits(shown.output, output), f"$ {shown.command}\n{output}\n--- but {shown.page} shows\n{shown.output}"
    if shown.command == "mainstay init":
        sandbox.shipped = [(hello, ())]
        take_a_free_port(hello / "mainstay.yaml")


def kill_a_deploy(sandbox: Sandbox) -> None:
    """Kill a deploy while it starts the new instance, as the page does after two seconds, and wait for the instance."""
    hello = sandbox.home / "hello"
    deploy = sandbox.start("--output", "json", "deploy", checkout=hello)
    service = deploy.event("progress", "Start web@")["title"].removeprefix("Start ")
    deploy.kill()
    until(lambda: is_ready(sandbox, hello, service), within=20, what=f"{service} to be ready")


def is_ready(sandbox: Sandbox, checkout: Path, revision: str) -> bool:
    (web,) = sandbox.query("status", checkout=checkout, code=None)["services"]
    name, release = revision.split("@")
    return any(one["id"] == f"{name}-{release}-1" and one["state"] == "ready" for one in web["instances"])


def take_a_free_port(manifest: Path) -> None:
    """Do what the first page says where port 8080 is taken."""
    manifest.write_text(manifest.read_text().replace("edge:\n", "edge:\n  http: auto\n"))


def write_the_files_of_the_page(hello: Path, page: str) -> None:
    """Write the manifest and apply the patch of *page*; packages installed here stand in for a download."""
    text = (DOCS / page).read_text()
    (manifest,) = re.findall(r"^```yaml\n(system: .*?)^```", text, re.MULTILINE | re.DOTALL)
    (patch,) = re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    download = '["{uv}", pip, install, --quiet, --python, .venv, -r, requirements.txt]'
    assert download in manifest
    (hello / "mainstay.yaml").write_text(manifest.replace(download, use_installed_packages()))
    take_a_free_port(hello / "mainstay.yaml")
    (hello / "visits.patch").write_text(patch)
    # The hunks have one or two lines of context.
    subprocess.run(["git", "apply", "--unidiff-zero", "-p0", "visits.patch"], cwd=hello, check=True)


def use_installed_packages() -> str:
    """Return a build command that lets the service's virtual environment find the packages of the tests."""
    packages = site.getsitepackages()[0]
    code = f"import site; open(site.getsitepackages()[0] + '/ours.pth', 'w').write({packages!r})"
    return json.dumps([".venv/bin/python", "-c", code])


def test_a_progress_bar_that_was_erased_is_not_on_the_screen() -> None:
    assert on_screen("1 fetch\r\n bar 1\r\n bar 2\r\x1b[2K\x1b[1A\x1b[2K\x1b[32mdone\x1b[0m\r\n") == "1 fetch\ndone\n"


def test_an_output_that_differs_from_the_page_is_noticed() -> None:
    assert fits("done in 2.4 s: release 2 is live\n", "done in 3.1 s: release 2 is live\n")
    assert fits("…\ndone\n", "1 fetch\n2 release\ndone\n")
    assert not fits("…\ndone\n", "1 fetch\nfailed\n")
