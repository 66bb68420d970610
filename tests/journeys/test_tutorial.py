"""The tutorial: every command of its pages, run in a terminal and in order, prints what the page shows."""

import json
import re
import subprocess
from pathlib import Path

from tests.journeys.documentation import DOCS, Shown, fits, on_screen, shown_on, type_command, use_installed_packages
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox, use_any_port

PAGES = ("tutorial/first-release.md", "tutorial/when-things-go-wrong.md", "tutorial/database.md")
SKIPPED = ("make install", "export PATH=")
KILLED = "mainstay deploy & sleep 2; kill -9 $!"
FRONT_DOOR = "localhost:8080"


def test_every_command_of_the_tutorial_shows_what_its_page_shows(sandbox: Sandbox) -> None:
    sandbox.explicit_state = False
    for page in PAGES:
        for shown in shown_on(page):
            if not shown.command.startswith(SKIPPED):
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
    output = type_command(sandbox, command, code=None)
    assert fits(shown.output, output), f"$ {shown.command}\n{output}\n--- but {shown.page} shows\n{shown.output}"
    if shown.command == "mainstay init":
        sandbox.extra_environments = [(hello, ())]
        use_any_port(hello / "mainstay.yaml")


def kill_a_deploy(sandbox: Sandbox) -> None:
    """Kill a deploy while it starts the new instance, as the page does after two seconds, and wait for the instance."""
    hello = sandbox.home / "hello"
    deploy = sandbox.start("--output", "json", "deploy", checkout=hello)
    service = deploy.wait_for_event("progress", "Start web@")["title"].removeprefix("Start ")
    deploy.kill()
    wait_until(lambda: is_ready(sandbox, hello, service), within=20, what=f"{service} to be ready")


def is_ready(sandbox: Sandbox, checkout: Path, revision: str) -> bool:
    (web,) = sandbox.query("status", checkout=checkout, code=None)["services"]
    name, release = revision.split("@")
    return any(
        instance["id"] == f"{name}-{release}-1" and instance["state"] == "ready" for instance in web["instances"]
    )


def write_the_files_of_the_page(hello: Path, page: str) -> None:
    """Write the manifest and apply the patch of *page*; packages installed here replace a download."""
    text = (DOCS / page).read_text()
    (manifest,) = re.findall(r"^```yaml\n(system: .*?)^```", text, re.MULTILINE | re.DOTALL)
    (patch,) = re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    download = '["{uv}", pip, install, --quiet, -r, requirements.txt]'
    assert download in manifest
    (hello / "mainstay.yaml").write_text(manifest.replace(download, json.dumps(use_installed_packages())))
    use_any_port(hello / "mainstay.yaml")
    (hello / "visits.patch").write_text(patch)
    # The hunks have only one or two lines of context.
    subprocess.run(["git", "apply", "--unidiff-zero", "-p0", "visits.patch"], cwd=hello, check=True)


def test_a_progress_bar_that_was_erased_is_not_on_the_screen() -> None:
    assert on_screen("1 fetch\r\n bar 1\r\n bar 2\r\x1b[2K\x1b[1A\x1b[2K\x1b[32mdone\x1b[0m\r\n") == "1 fetch\ndone\n"


def test_an_output_that_differs_from_the_page_is_noticed() -> None:
    assert fits("done in 2.4 s: release 2 is live\n", "done in 3.1 s: release 2 is live\n")
    assert fits("…\ndone\n", "1 fetch\n2 release\ndone\n")
    assert not fits("…\ndone\n", "1 fetch\nfailed\n")
