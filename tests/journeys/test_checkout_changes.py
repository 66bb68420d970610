"""The checkout is edited or broken during a run: the run uses what was planned."""

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

BROKEN = "system: parrot\nversion: [1\nservices: {web: {comand: true}}\n\t- nonsense"


@pytest.mark.failure("F21")
def test_resume_status_and_rollback_work_with_a_broken_manifest(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp("1"))
    deploy = any_sandbox.start_deploy(WebApp("2", behaviour={"ready_after": 1}), "Start web@2")
    deploy.kill()
    (any_sandbox.checkout / "mainstay.yaml").write_text(BROKEN)
    any_sandbox.run("deploy", "--yes", code=4)
    any_sandbox.run("resume")
    assert assert_consistent(any_sandbox)["release"]["version"] == "2"
    any_sandbox.run("rollback", "--yes")
    assert assert_consistent(any_sandbox)["release"]["version"] == "1"
    assert "version 1 is listening" in any_sandbox.run("logs", "web").out
    assert [run["outcome"] for run in any_sandbox.query("history")] == ["released", "released", "released"]
    any_sandbox.run("deploy", "--yes", code=2)
    any_sandbox.run("down", "--yes")


def test_resume_and_down_work_without_a_manifest(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(WebApp("2", behaviour={"ready_after": 1}), "Start web@2")
    deploy.kill()
    (sandbox.checkout / "mainstay.yaml").unlink()
    sandbox.run("resume")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_a_source_edited_between_plan_and_copy_is_not_deployed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(WebApp("2", files=4000), "Copy")
    deploy.kill()
    (sandbox.checkout / "web" / "leaf-3999").write_text("edited")
    result = sandbox.run("resume", code=1)
    assert "changed since the plan" in result.out + result.err, result
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    assert not [path for path in (sandbox.state / "content").iterdir() if path.name.endswith(".copy")]


def test_a_plan_is_stale_after_the_source_was_edited(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2"))
    plan = sandbox.query("plan")["id"]
    (sandbox.checkout / "web" / "message").write_text("edited")
    result = sandbox.run("deploy", "--plan", plan, "--yes", code=3)
    assert "stale" in result.err
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_editing_the_source_does_not_change_the_live_release(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    (sandbox.checkout / "web" / "message").write_text("edited")
    sandbox.instances()[0].kill()
    assert_consistent(sandbox)
    assert sandbox.get() == (200, "version 1")
