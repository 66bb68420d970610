"""What starts again after `down`, a reboot or a crash, what `up` does after a rollback, and how a failed start ends."""

import subprocess
import time

import pytest

from tests.journeys.load import Load
from tests.journeys.machine import reboot, until
from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow


def licensed(place: Place, version: str = "1") -> Parrot:
    """A version that starts only as long as its licence file exists."""
    (place.folder / "licence").touch()
    return Parrot(version, {"licence": place.folder / "licence"})


def lose_licence(place: Place) -> None:
    (place.folder / "licence").unlink()


def crash(place: Place) -> None:
    """Kill the service, and wait until the supervisor has failed to restart it three times."""
    for instance in place.instances():
        instance.end()

    def crashed() -> bool:
        return all(one["early_exits"] >= 3 for one in place.status()["services"][0]["instances"])

    until(crashed, within=30, what="three crashes of every instance")


def version(place: Place) -> tuple[int, str]:
    """The number and version of the live release."""
    release = place.status()["release"]
    return release["number"], release["version"]


def test_up_tells_why_the_live_release_does_not_start_and_then_ships_the_fix(place: Place) -> None:
    place.ship(licensed(place))
    lose_licence(place)
    crash(place)
    began = time.monotonic()
    said = place.run("up", "--yes", ends=1)
    assert time.monotonic() - began < 20
    assert "web@1 does not stay up: exit code 1; its last lines:" in said.err, said
    assert "    the licence is missing\n" in said.err, said
    assert f"{suggested(place, 'logs web')}, then fix the cause and type " in said.err, said
    fixed = place.ship(Parrot("2"))
    assert "warning: release 1 (1) did not start: web@1 does not stay up: exit code 1" in fixed.err, fixed
    assert assert_whole(place)["release"]["version"] == "2"


@pytest.mark.parametrize("strategy", ["blue-green", "canary", "rolling", "recreate"])
def test_a_fix_ships_over_a_live_release_that_crashes_with_every_strategy(place: Place, strategy: str) -> None:
    service = {"replicas": 2, "strategy": {"kind": strategy, "settle": "0s"}}
    sick = licensed(place)
    place.ship(Parrot(sick.version, sick.behaviour, service=service))
    lose_licence(place)
    crash(place)
    place.holds(Parrot("2", service=service))
    place.run("deploy", "--yes")
    assert assert_whole(place)["release"]["version"] == "2"


def test_deploy_starts_a_stopped_environment_and_ships_over_it(place: Place) -> None:
    place.ship(Parrot("1", migrations=TABLE))
    place.run("down", "--yes")
    said = place.ship(Parrot("2", migrations=TABLE), "deploy", "--yes")
    assert "starting release 1 (1): db, web" in said.out, said
    assert assert_whole(place)["release"]["version"] == "2"


def test_a_plan_of_a_stopped_environment_knows_its_schema_and_stays_valid_once_it_has_started(place: Place) -> None:
    place.ship(Parrot("1", migrations=TABLE))
    place.run("down", "--yes")
    place.holds(Parrot("2", migrations=TABLE))
    plan = place.ask("plan")
    steps = [step["title"] for phase in plan["phases"] for rank in phase["ranks"] for step in rank]
    assert (plan["rollback"], [title for title in steps if "Migrate" in title]) == ("safe", [])
    assert "the schema of db is 0001_visit according to the history; not verified: db is stopped" in plan["notes"]
    place.run("deploy", "--plan", plan["id"], "--yes")
    assert assert_whole(place)["release"]["version"] == "2"


def test_deploy_ships_the_fix_over_a_stopped_environment_that_cannot_start(place: Place) -> None:
    place.ship(licensed(place))
    place.run("down", "--yes")
    lose_licence(place)
    said = place.ship(Parrot("2"), "deploy", "--yes")
    assert "the licence is missing" in said.err, said
    assert assert_whole(place)["release"]["version"] == "2"


def test_bad_input_to_deploy_starts_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    place.run("down", "--yes")
    assert "contains {version}" in place.run("deploy", "7", "--yes", ends=2).err
    manifest = place.checkout / "mainstay.yaml"
    whole = manifest.read_text()
    manifest.write_text("system: parrot\nversion: [\n")
    place.run("deploy", "--yes", ends=2)
    assert place.processes() == []
    assert "release 1 (1) was started" in place.run("up", "--yes", ends=2).out
    manifest.write_text(whole)
    assert_whole(place)


def test_a_dry_run_starts_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    place.run("down", "--yes")
    place.holds(Parrot("2"))
    for verb in ("up", "deploy"):
        assert "as release 2" in place.run(verb, "--dry-run").out
    assert place.processes() == []


def test_rollback_on_a_stopped_environment_starts_it_first(place: Place) -> None:
    place.ship(Parrot("1"))
    place.ship(Parrot("2"))
    place.run("down", "--yes")
    place.run("rollback", "--yes")
    assert assert_whole(place)["release"]["version"] == "1"


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_rollback_of_a_release_that_cannot_start(place: Place, stopped: bool) -> None:
    place.ship(Parrot("1"))
    place.ship(licensed(place, "2"))
    if stopped:
        place.run("down", "--yes")
        lose_licence(place)
    else:
        lose_licence(place)
        crash(place)
    place.run("rollback", "--yes")
    assert assert_whole(place)["release"]["version"] == "1"


def test_a_task_that_exited_with_0_is_done_and_nothing_waits_for_it(place: Place) -> None:
    task = ["{python}", "-c", "print('seeded')"]
    place.ship(Parrot("1", task=task))
    seed = next(each for each in place.ask("status")["services"] if each["name"] == "seed")
    assert (seed["missed"], seed["instances"][0]["state"], seed["instances"][0]["done"]) == (0, "stopped", True)
    assert "done" in place.run("status").out
    assert "nothing to do" in place.run("up", "--yes").out
    place.ship(Parrot("2", task=task), "deploy", "--yes")
    assert version(place) == (2, "2")
    place.run("down", "--yes")
    place.run("start")
    assert place.run("status").code == 0


def test_a_task_that_fails_is_named_by_start(place: Place) -> None:
    flag = place.folder / "ok"
    flag.touch()
    flag.parent.chmod(0o755)
    place.ship(Parrot("1", task=["{python}", "-c", f"open({str(flag)!r})"]))
    place.run("down", "--yes")
    flag.unlink()
    said = place.run("start", ends=1)
    assert "started only partially (ready: web): seed@1 does not stay up: exit code 1" in said.err, said
    assert place.get() == (200, "version 1")


def test_start_after_down_starts_what_was_live_although_the_manifest_is_broken(anyones: Place) -> None:
    anyones.ship(Parrot("1", migrations=TABLE))
    assert anyones.get("/rows", method="POST") == (200, "1")
    down = anyones.run("down", "--yes")
    assert down.out.splitlines()[-1].endswith(suggested(anyones, "start"))
    manifest = anyones.checkout / "mainstay.yaml"
    manifest.write_text("system: parrot\nversion: [\n")
    said = anyones.run("start")
    assert "started in" in said.out
    assert anyones.get("/rows") == (200, "1")
    assert version(anyones) == (1, "1")
    again = anyones.ask("start")
    assert (again["kind"], again["outcome"], again["release"], again["url"]) == ("start", "unchanged", 1, anyones.url)
    assert "release 1 (1) is running already" in again["note"]


def test_start_names_what_cannot_start_and_starts_the_rest(place: Place) -> None:
    sick = licensed(place)
    place.ship(Parrot("1", sick.behaviour, migrations=TABLE))
    reboot(place.state)
    lose_licence(place)
    said = place.run("start", ends=1)
    assert "release 1 (1) started only partially (ready: db): web@1 does not stay up: exit code 1" in said.err, said
    (place.folder / "licence").touch()
    place.run("start")
    assert_whole(place)


def test_there_is_nothing_to_start_where_no_release_is_live(place: Place) -> None:
    place.holds(Parrot())
    assert "nothing has been deployed here yet" in place.run("start", ends=2).err
    place.run("up", "--yes")
    place.run("down", "--data", "--confirm", "parrot/local")
    assert "no release of parrot/local is live" in place.run("start", ends=2).err


def test_start_after_a_reboot_in_the_middle_of_a_deploy_starts_the_old_release_and_names_the_run(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", settle="2s"))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "settle")
    reboot(place.state)
    deploy.wait()
    said = place.run("start", ends=4)
    assert "run r-0002 (deploy) is unfinished; only what it left running is started" in said.err, said
    assert "resume" in said.err
    until(lambda: place.get() == (200, "version 1"), within=15, what="the old release")
    place.run("abort")
    assert assert_whole(place)["release"]["version"] == "1"


def test_at_boot_what_was_stopped_stays_stopped_and_what_ran_is_started(place: Place) -> None:
    place.ship(Parrot("1"))
    place.run("down", "--yes")
    reboot(place.state)
    assert "parrot/local was stopped" in place.run("start", "--unless-stopped").out
    assert place.processes() == []
    place.run("start")
    reboot(place.state)
    place.run("start", "--unless-stopped")
    assert_whole(place)


def rolled_back(place: Place) -> None:
    """Release 1 is live, because release 2 was rolled back."""
    place.ship(Parrot("1"))
    place.ship(Parrot("2"))
    place.run("rollback", "--yes")


KEPT = "release 1 (1) is live because release 2 was rolled back; the manifest has not changed since."


@pytest.mark.parametrize("end", ["down", "reboot", "nothing"])
def test_up_after_a_rollback_keeps_the_release_that_was_rolled_back_to(place: Place, end: str) -> None:
    rolled_back(place)
    if end == "down":
        place.run("down", "--yes")
    if end == "reboot":
        reboot(place.state)
    said = place.run("up", "--yes")
    assert f"{KEPT} To ship it anyway: " in said.out, said
    assert suggested(place, "up --deploy") in said.out, said
    assert ("started in" in said.out) == (end != "nothing"), said
    assert assert_whole(place)["release"]["number"] == 1
    note = "note: these are the values of the next deploy, of version 2; live is release 1 (1)"
    assert note in place.run("config", "web").out
    assert "release 2 is newer; it was rolled back at " in place.run("rollback", "--dry-run").out
    said = place.run("up", "--deploy", "--yes")
    assert "note: release 2 was rolled back; deploying ships its code again" in said.out, said
    assert version(place) == (3, "2")


@pytest.mark.parametrize("end", ["down", "reboot"])
def test_start_after_a_rollback_starts_the_release_that_was_rolled_back_to(anyones: Place, end: str) -> None:
    rolled_back(anyones)
    anyones.run("down", "--yes") if end == "down" else reboot(anyones.state)
    anyones.run("start")
    assert anyones.get() == (200, "version 1")
    assert assert_whole(anyones)["release"]["number"] == 1


def test_up_after_a_rollback_ships_what_was_edited_since(place: Place) -> None:
    rolled_back(place)
    place.ship(Parrot("3"))
    assert version(place) == (3, "3")


def test_a_rollback_needs_no_manifest_and_up_keeps_it_once_the_manifest_is_repaired(place: Place) -> None:
    place.ship(Parrot("1"))
    place.ship(Parrot("2"))
    manifest = place.checkout / "mainstay.yaml"
    whole = manifest.read_text()
    manifest.write_text("system: parrot\nversion: [\n")
    place.run("rollback", "--yes")
    manifest.write_text(whole)
    assert KEPT in place.run("up", "--yes").out
    assert version(place) == (1, "1")


def test_a_failed_deploy_has_chosen_nothing_so_up_tries_it_again(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(licensed(place, "2"))
    lose_licence(place)
    place.run("up", "--yes", ends=1)
    (place.folder / "licence").touch()
    place.run("up", "--yes")
    assert version(place) == (3, "2")


def test_up_keeps_a_version_that_deploy_chose_until_the_manifest_changes(place: Place) -> None:
    place.holds(Parrot("1.0"))
    manifest = place.checkout / "mainstay.yaml"
    manifest.write_text(manifest.read_text().replace("source: web", 'source: {git: ., ref: "v{version}"}'))
    manifest.write_text(manifest.read_text().replace("- app.py", "- web/app.py"))
    for number in ("1.0", "1.1", "1.2"):
        (place.checkout / "web" / "says").write_text(f"version {number}")
        commit(place, f"v{number}")
    place.run("up", "--yes")
    place.run("deploy", "1.1", "--yes")
    said = place.run("up", "--yes")
    assert "release 2 (1.1) is live because version 1.1 was deployed while the manifest declared 1.0" in said.out, said
    assert place.get() == (200, "version 1.1")
    manifest.write_text(manifest.read_text().replace("version: '1.0'", "version: '1.2'"))
    place.run("up", "--yes")
    assert version(place) == (3, "1.2")


def commit(place: Place, tag: str) -> None:
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", "-C", str(place.checkout)]
    if not (place.checkout / ".git").exists():
        subprocess.run([*git, "init", "--quiet"], check=True)
    for words in (["add", "-A"], ["commit", "--quiet", "-m", tag], ["tag", tag]):
        subprocess.run([*git, *words], check=True)


def test_a_new_version_of_the_same_content_is_recorded_and_restarts_nothing(place: Place) -> None:
    place.ship(Parrot("1"))
    before = [one.pid for one in place.instances()]
    manifest = place.checkout / "mainstay.yaml"
    manifest.write_text(manifest.read_text().replace("version: '1'", "version: '1.1'"))
    planned = place.run("plan")
    assert "nothing to do" not in planned.out
    assert "no service changes" in planned.out
    with Load(place.url, rate=50) as load:
        place.run("deploy", "--yes")
    assert load.stop().lost == []
    assert version(place) == (2, "1.1")
    assert [one.pid for one in place.instances()] == before
    sentence = "nothing to do: release 2 (1.1) is live, and it is what the manifest declares"
    assert place.run("plan").out.splitlines() == [sentence]
    assert place.run("deploy", "--yes").out.splitlines() == [sentence]
    assert place.run("up", "--yes").out.splitlines()[0] == sentence
    assert place.ask("plan")["notes"] == [sentence]
    assert place.ask("up", "--yes")["note"] == sentence
    place.run("rollback", "--yes")
    assert version(place) == (1, "1")
    assert [one.pid for one in place.instances()] == before


def test_up_that_only_started_says_so(place: Place) -> None:
    place.ship(Parrot("1"))
    place.run("down", "--yes")
    said = place.run("up", "--yes")
    assert "started in" in said.out
    assert "nothing to do" not in said.out


def suggested(place: Place, verb: str) -> str:
    """The end of the command line that Mainstay suggests here."""
    return f"mainstay --state {place.state} {verb}"
