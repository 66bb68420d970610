"""`start`, `up` and `deploy` after `down`, a reboot, a crash or a rollback, and starts that fail."""

import time

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.licence import crash_repeatedly, grant_licence, licensed, revoke_licence
from tests.journeys.load import Load
from tests.journeys.machine import reboot, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp


def live_release(sandbox: Sandbox) -> tuple[int, str]:
    """Return the number and version of the live release."""
    release = sandbox.status()["release"]
    return release["number"], release["version"]


def test_up_reports_why_the_live_release_does_not_start_and_then_deploys_the_fix(sandbox: Sandbox) -> None:
    sandbox.ship(licensed(sandbox))
    revoke_licence(sandbox)
    crash_repeatedly(sandbox)
    started = time.monotonic()
    result = sandbox.run("up", "--yes", code=1)
    assert time.monotonic() - started < 20
    assert "web@1 does not stay up: exit code 1; its last lines:" in result.err, result
    assert "    the licence is missing\n" in result.err, result
    assert f"{suggested(sandbox, 'logs web')}, then fix the cause and type " in result.err, result
    fixed = sandbox.ship(WebApp("2"))
    assert "warning: release 1 (1) did not start: web@1 does not stay up: exit code 1" in fixed.err, fixed
    assert assert_consistent(sandbox)["release"]["version"] == "2"


@pytest.mark.parametrize("strategy", ["blue-green", "canary", "rolling", "recreate"])
def test_a_fix_deploys_over_a_crashing_live_release_with_every_strategy(sandbox: Sandbox, strategy: str) -> None:
    service = {"replicas": 2, "strategy": {"kind": strategy, "settle": "0s"}}
    application = licensed(sandbox)
    sandbox.ship(WebApp(application.version, application.behaviour, service=service))
    revoke_licence(sandbox)
    crash_repeatedly(sandbox)
    sandbox.write(WebApp("2", service=service))
    sandbox.run("deploy", "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_deploy_starts_a_stopped_environment_first(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    sandbox.run("down", "--yes")
    result = sandbox.ship(WebApp("2", migrations=TABLE), "deploy", "--yes")
    assert "starting release 1 (1): db, web" in result.out, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_a_plan_of_a_stopped_environment_knows_its_schema_and_stays_valid_after_the_start(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    sandbox.run("down", "--yes")
    sandbox.write(WebApp("2", migrations=TABLE))
    plan = sandbox.query("plan")
    steps = [step["title"] for phase in plan["phases"] for rank in phase["ranks"] for step in rank]
    assert (plan["rollback"], [title for title in steps if "Migrate" in title]) == ("safe", [])
    assert "the schema of db is 0001_visit according to the history; not verified: db is stopped" in plan["notes"]
    sandbox.run("deploy", "--plan", plan["id"], "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_deploy_ships_a_fix_to_a_stopped_environment_that_cannot_start(sandbox: Sandbox) -> None:
    sandbox.ship(licensed(sandbox))
    sandbox.run("down", "--yes")
    revoke_licence(sandbox)
    result = sandbox.ship(WebApp("2"), "deploy", "--yes")
    assert "the licence is missing" in result.err, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_bad_input_to_deploy_starts_nothing(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.run("down", "--yes")
    assert "contains {version}" in sandbox.run("deploy", "7", "--yes", code=2).err
    manifest = sandbox.checkout / "mainstay.yaml"
    original = manifest.read_text()
    manifest.write_text("system: parrot\nversion: [\n")
    sandbox.run("deploy", "--yes", code=2)
    assert sandbox.processes() == []
    assert "release 1 (1) was started" in sandbox.run("up", "--yes", code=2).out
    manifest.write_text(original)
    assert_consistent(sandbox)


def test_a_dry_run_starts_nothing(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.run("down", "--yes")
    sandbox.write(WebApp("2"))
    for verb in ("up", "deploy"):
        assert "as release 2" in sandbox.run(verb, "--dry-run").out
    assert sandbox.processes() == []


def test_rollback_on_a_stopped_environment_starts_it_first(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    sandbox.run("down", "--yes")
    sandbox.run("rollback", "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "1"


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_rollback_of_a_release_that_cannot_start(sandbox: Sandbox, stopped: bool) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(licensed(sandbox, "2"))
    if stopped:
        sandbox.run("down", "--yes")
        revoke_licence(sandbox)
    else:
        revoke_licence(sandbox)
        crash_repeatedly(sandbox)
    sandbox.run("rollback", "--yes")
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_task_that_exited_with_0_is_done_and_nothing_waits_for_it(sandbox: Sandbox) -> None:
    task = ["{python}", "-c", "print('seeded')"]
    sandbox.ship(WebApp("1", task=task))
    seed = next(each for each in sandbox.query("status")["services"] if each["name"] == "seed")
    assert (seed["shortfall"], seed["instances"][0]["state"], seed["instances"][0]["done"]) == (0, "stopped", True)
    assert "done" in sandbox.run("status").out
    assert "nothing to do" in sandbox.run("up", "--yes").out
    sandbox.ship(WebApp("2", task=task), "deploy", "--yes")
    assert live_release(sandbox) == (2, "2")
    sandbox.run("down", "--yes")
    sandbox.run("start")
    assert sandbox.run("status").code == 0


def test_a_task_that_fails_is_named_by_start(sandbox: Sandbox) -> None:
    flag = sandbox.folder / "ok"
    flag.touch()
    flag.parent.chmod(0o755)
    sandbox.ship(WebApp("1", task=["{python}", "-c", f"open({str(flag)!r})"]))
    sandbox.run("down", "--yes")
    flag.unlink()
    result = sandbox.run("start", code=1)
    assert "started only partially (ready: web): seed@1 does not stay up: exit code 1" in result.err, result
    assert sandbox.get() == (200, "version 1")


def test_start_after_down_starts_what_was_live_although_the_manifest_is_broken(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp("1", migrations=TABLE))
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    down = any_sandbox.run("down", "--yes")
    assert down.out.splitlines()[-1].endswith(suggested(any_sandbox, "start"))
    manifest = any_sandbox.checkout / "mainstay.yaml"
    manifest.write_text("system: parrot\nversion: [\n")
    result = any_sandbox.run("start")
    assert "started in" in result.out
    assert any_sandbox.get("/rows") == (200, "1")
    assert live_release(any_sandbox) == (1, "1")
    again = any_sandbox.query("start")
    assert (again["kind"], again["outcome"], again["release"], again["url"]) == (
        "start",
        "unchanged",
        1,
        any_sandbox.url,
    )
    assert "release 1 (1) is running already" in again["note"]


def test_start_names_what_cannot_start_and_starts_the_rest(sandbox: Sandbox) -> None:
    application = licensed(sandbox)
    sandbox.ship(WebApp("1", application.behaviour, migrations=TABLE))
    reboot(sandbox.state)
    revoke_licence(sandbox)
    result = sandbox.run("start", code=1)
    assert "release 1 (1) started only partially (ready: db): web@1 does not stay up: exit code 1" in result.err, result
    grant_licence(sandbox)
    sandbox.run("start")
    assert_consistent(sandbox)


def test_start_without_a_live_release_is_refused(sandbox: Sandbox) -> None:
    sandbox.write(WebApp())
    assert "nothing has been deployed here yet" in sandbox.run("start", code=2).err
    sandbox.run("up", "--yes")
    sandbox.run("down", "--data", "--confirm", "parrot/local")
    assert "no release of parrot/local is live" in sandbox.run("start", code=2).err


def test_start_after_a_reboot_in_the_middle_of_a_deploy_starts_the_old_release_and_names_the_run(
    sandbox: Sandbox,
) -> None:
    sandbox.ship(WebApp("1"))
    deploy = sandbox.start_deploy(WebApp("2", settle="2s"), "settle")
    reboot(sandbox.state)
    deploy.wait()
    result = sandbox.run("start", code=4)
    assert "run r-0002 (deploy) is unfinished; only what it left running is started" in result.err, result
    assert "resume" in result.err
    wait_until(lambda: sandbox.get() == (200, "version 1"), within=15, what="a response of the old release")
    sandbox.run("abort")
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_at_boot_running_environments_start_and_stopped_ones_stay_stopped(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.run("down", "--yes")
    reboot(sandbox.state)
    assert sandbox.query("status")["health"] == "stopped"
    assert "parrot/local was stopped" in sandbox.run("start", "--unless-stopped").out
    assert sandbox.processes() == []
    sandbox.run("start")
    reboot(sandbox.state)
    sandbox.run("start", "--unless-stopped")
    assert_consistent(sandbox)


def roll_back(sandbox: Sandbox) -> None:
    """Deploy releases 1 and 2 and roll back, so that release 1 is live."""
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    sandbox.run("rollback", "--yes")


KEPT = "release 1 (1) is live because release 2 was rolled back; the manifest has not changed since."


@pytest.mark.parametrize("end", ["down", "reboot", "nothing"])
def test_up_after_a_rollback_keeps_the_release_that_was_rolled_back_to(sandbox: Sandbox, end: str) -> None:
    roll_back(sandbox)
    if end == "down":
        sandbox.run("down", "--yes")
    if end == "reboot":
        reboot(sandbox.state)
    result = sandbox.run("up", "--yes")
    assert f"{KEPT} To ship it anyway: " in result.out, result
    assert suggested(sandbox, "up --deploy") in result.out, result
    assert ("started in" in result.out) == (end != "nothing"), result
    assert assert_consistent(sandbox)["release"]["number"] == 1
    note = "note: these are the values of the next deploy, of version 2; live is release 1 (1)"
    assert note in sandbox.run("config", "web").out
    assert "release 2 is newer; it was rolled back at " in sandbox.run("rollback", "--dry-run").out
    result = sandbox.run("up", "--deploy", "--yes")
    assert "note: release 2 was rolled back; deploying ships its code again" in result.out, result
    assert live_release(sandbox) == (3, "2")


@pytest.mark.parametrize("end", ["down", "reboot"])
def test_start_after_a_rollback_starts_the_release_that_was_rolled_back_to(any_sandbox: Sandbox, end: str) -> None:
    roll_back(any_sandbox)
    any_sandbox.run("down", "--yes") if end == "down" else reboot(any_sandbox.state)
    any_sandbox.run("start")
    assert any_sandbox.get() == (200, "version 1")
    assert assert_consistent(any_sandbox)["release"]["number"] == 1


def test_up_after_a_rollback_deploys_later_edits(sandbox: Sandbox) -> None:
    roll_back(sandbox)
    sandbox.ship(WebApp("3"))
    assert live_release(sandbox) == (3, "3")


def test_a_rollback_needs_no_manifest_and_up_keeps_it_once_the_manifest_is_repaired(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.ship(WebApp("2"))
    manifest = sandbox.checkout / "mainstay.yaml"
    original = manifest.read_text()
    manifest.write_text("system: parrot\nversion: [\n")
    sandbox.run("rollback", "--yes")
    manifest.write_text(original)
    assert KEPT in sandbox.run("up", "--yes").out
    assert live_release(sandbox) == (1, "1")


def test_up_does_not_ship_again_what_its_last_deploy_rolled_back_but_deploy_does(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(licensed(sandbox, "2"))
    revoke_licence(sandbox)
    sandbox.run("up", "--yes", code=1)
    grant_licence(sandbox)
    note = "the same release was rolled back in r-0002: web@2 does not stay up: "
    assert "note: last run r-0002 was rolled back at " in sandbox.run("status").out
    kept = sandbox.run("up", "--yes")
    assert note in kept.out, kept
    assert f"{suggested(sandbox, 'deploy')}` ships it again" in kept.out, kept
    assert live_release(sandbox) == (1, "1")
    assert f"note: {note}" in sandbox.run("plan").out
    assert f"note: {note}" in sandbox.run("deploy", "--yes").out
    assert live_release(sandbox) == (3, "2")
    assert "nothing to do" in sandbox.run("up", "--yes").out
    assert "rolled back" not in sandbox.run("status").out


def test_up_keeps_a_version_that_deploy_chose_until_the_manifest_changes(sandbox: Sandbox) -> None:
    sandbox.write(WebApp("1.0"))
    manifest = sandbox.checkout / "mainstay.yaml"
    manifest.write_text(manifest.read_text().replace("source: web", 'source: {git: ., ref: "v{version}"}'))
    manifest.write_text(manifest.read_text().replace("- app.py", "- web/app.py"))
    for number in ("1.0", "1.1", "1.2"):
        (sandbox.checkout / "web" / "message").write_text(f"version {number}")
        sandbox.commit(f"v{number}")
    sandbox.run("up", "--yes")
    sandbox.run("deploy", "1.1", "--yes")
    result = sandbox.run("up", "--yes")
    assert "release 2 (1.1) is live because version 1.1 was deployed while the manifest declared 1.0" in result.out, (
        result
    )
    assert sandbox.get() == (200, "version 1.1")
    manifest.write_text(manifest.read_text().replace("version: '1.0'", "version: '1.2'"))
    sandbox.run("up", "--yes")
    assert live_release(sandbox) == (3, "1.2")


def test_a_new_version_of_the_same_content_is_recorded_and_restarts_nothing(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    before = [process.pid for process in sandbox.instances()]
    manifest = sandbox.checkout / "mainstay.yaml"
    manifest.write_text(manifest.read_text().replace("version: '1'", "version: '1.1'"))
    planned = sandbox.run("plan")
    assert "nothing to do" not in planned.out
    assert "no service changes" in planned.out
    with Load(sandbox.url, rate=50) as load:
        sandbox.run("deploy", "--yes")
    assert load.stop().not_ok == []
    assert live_release(sandbox) == (2, "1.1")
    assert [process.pid for process in sandbox.instances()] == before
    message = "nothing to do: release 2 (1.1) is live, and it is what the manifest declares"
    assert sandbox.run("plan").out.splitlines() == [message]
    assert sandbox.run("deploy", "--yes").out.splitlines() == [message]
    assert sandbox.run("up", "--yes").out.splitlines()[0] == message
    assert sandbox.query("plan")["notes"] == [message]
    assert sandbox.query("up", "--yes")["note"] == message
    assert len(sandbox.query("history")) == 2
    sandbox.run("rollback", "--yes")
    assert live_release(sandbox) == (1, "1")
    assert [process.pid for process in sandbox.instances()] == before


def suggested(sandbox: Sandbox, verb: str) -> str:
    """Return the command that Mainstay suggests for *verb*."""
    return f"mainstay --state {sandbox.state} {verb}"
