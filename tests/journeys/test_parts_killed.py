"""`kill -9` of every part that runs: it is back by itself, or with the next command."""

import os
import signal
from pathlib import Path

import pytest

from tests.journeys.load import Load
from tests.journeys.machine import Process, until
from tests.journeys.parrot import TABLE, Parrot
from tests.journeys.place import Command, Place
from tests.journeys.whole import assert_whole, well

pytestmark = pytest.mark.slow
SUPERVISOR = "mainstay.drivers.machine.supervisor"
SLEEPY = TABLE | {"0002_nap.sql": "select pg_sleep(2);\ninsert into visit default values;\n"}


def test_an_instance_comes_back_and_no_repeatable_request_is_lost(place: Place) -> None:
    place.ship(Parrot(replicas=2))
    with Load(place.url, rate=200) as load:
        victim = place.instances()[0]
        victim.end()
        until(lambda: len(place.instances()) == 2 and well(place), within=15, what="two instances again")
    assert load.stop().lost == [], load.tally
    assert victim.pid not in {one.pid for one in place.instances()}
    assert_whole(place)


def test_what_runs_is_not_touched_by_the_end_of_the_supervisor(anyones: Place) -> None:
    anyones.ship(Parrot(replicas=2))
    before = {one.pid for one in anyones.instances()}
    with Load(anyones.url, rate=200) as load:
        anyones.process(SUPERVISOR).end()
        anyones.run("up", "--yes")
    assert load.stop().lost == [], load.tally
    assert {one.pid for one in anyones.instances()} == before
    assert_whole(anyones)


def test_an_instance_that_ended_while_nobody_guarded_it_is_back_with_the_next_command(place: Place) -> None:
    place.ship(Parrot())
    place.process(SUPERVISOR).end()
    place.instances()[0].end()
    assert place.run("status", ends=1).code == 1
    place.run("up", "--yes")
    assert_whole(place)


def test_a_deploy_goes_on_when_the_supervisor_is_killed_under_it(place: Place) -> None:
    place.ship(Parrot("1"))
    place.holds(Parrot("2", behaviour={"ready_after": 1}))
    with Load(place.url, rate=200) as load:
        deploy = place.begin("deploy", "--yes")
        deploy.event("started", "Start web@2")
        place.process(SUPERVISOR).end()
        said = deploy.wait()
    assert said.code == 0, said
    assert load.stop().lost == [], load.tally
    assert assert_whole(place)["release"]["version"] == "2"


def test_a_supervisor_killed_between_fork_and_note_starts_nothing_twice(place: Place) -> None:
    deploy, stub, pipe = deploy_with_a_stub_that_waits(place)
    assert not (place.state / "instances" / "web-2-1" / "started").exists()
    place.process(SUPERVISOR).end()
    until(lambda: place.process(SUPERVISOR), within=10, what="another supervisor")
    pipe.rename(pipe.with_name("pipe"))
    reader = os.open(pipe.with_name("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    try:
        said = deploy.wait()
        assert said.code == 0, said
        assert [one.pid for one in place.instances()] == [stub.pid]
        assert assert_whole(place)["release"]["version"] == "2"
    finally:
        os.close(reader)


def test_a_stub_killed_before_its_note_is_followed_by_another(place: Place) -> None:
    deploy, stub, pipe = deploy_with_a_stub_that_waits(place)
    pipe.rename(pipe.with_name("pipe"))
    stub.end()
    said = deploy.wait()
    assert said.code == 0, said
    assert assert_whole(place)["release"]["version"] == "2"


def deploy_with_a_stub_that_waits(place: Place) -> tuple[Command, Process, Path]:
    """The stub opens its log before it writes its note: a pipe in the log's place holds it there."""
    place.ship(Parrot("1"))
    pipe = place.state / "logs" / "web" / "web-2-1.out"
    os.mkfifo(pipe, 0o600)
    place.holds(Parrot("2"))
    deploy = place.begin("deploy", "--yes")
    return deploy, until(lambda: held_stub(place), within=20, what="a stub that waits"), pipe


def held_stub(place: Place) -> Process | None:
    lock = str(place.state / "instances" / "web-2-1" / "lock")
    fitting = (one for one in place.processes() if "process_stub" in one.command and lock in opened(one.pid))
    return next(fitting, None)


def opened(pid: int) -> list[str]:
    folder = Path(f"/proc/{pid}/fd")
    try:
        return [os.readlink(folder / name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []


def test_the_edge_comes_back(anyones: Place) -> None:
    anyones.ship(Parrot())
    url = anyones.url
    edge = [one for one in anyones.processes() if "haproxy" in one.command]
    assert edge != []
    for one in edge:
        one.end()
    until(lambda: anyones.get(url=url) == (200, "version 1"), within=10, what="an answer at the front door")
    assert anyones.url == url
    assert_whole(anyones)


def test_the_edge_and_the_supervisor_killed_at_once_are_back_with_the_next_command(place: Place) -> None:
    place.ship(Parrot())
    url = place.url
    for one in [place.process(SUPERVISOR), *(one for one in place.processes() if "haproxy" in one.command)]:
        one.end()
    place.run("up", "--yes")
    assert place.get(url=url) == (200, "version 1")
    assert_whole(place)


def test_the_database_comes_back_with_its_rows(anyones: Place) -> None:
    anyones.ship(Parrot(migrations=TABLE))
    assert anyones.get("/rows", method="POST") == (200, "1")
    postmaster(anyones).end()
    until(lambda: well(anyones) and anyones.get("/rows") == (200, "1"), within=30, what="the row again")
    assert_whole(anyones)


def test_all_of_it_killed_at_once_is_back_with_the_next_command(place: Place) -> None:
    place.ship(Parrot(migrations=TABLE))
    assert place.get("/rows", method="POST") == (200, "1")
    for one in [place.process(SUPERVISOR), *place.processes()]:
        one.end()
    place.run("up", "--yes")
    assert place.get("/rows") == (200, "1")
    assert_whole(place)


@pytest.mark.parametrize("victim", ["supervisor", "command line", "both"])
def test_a_migration_runs_once_whoever_is_killed_meanwhile(place: Place, victim: str) -> None:
    place.ship(Parrot("1", migrations=TABLE))
    place.holds(Parrot("2", migrations=SLEEPY))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Migrate")
    until(lambda: migrating(place), within=10, what="a migration that runs")
    if victim != "supervisor":
        deploy.kill()
    if victim != "command line":
        place.process(SUPERVISOR).end()
    ended = deploy.wait() if victim == "supervisor" else place.run("resume")
    assert ended.code == 0, ended
    assert place.get("/rows") == (200, "1")
    assert assert_whole(place)["datastores"][0]["schema"] == "0002_nap"


@pytest.mark.failure("F51")
def test_a_migration_whose_job_was_killed_is_run_again(place: Place) -> None:
    place.ship(Parrot("1", migrations=TABLE))
    place.holds(Parrot("2", migrations=SLEEPY))
    deploy = place.begin("deploy", "--yes")
    deploy.event("started", "Migrate")
    until(lambda: migrating(place), within=10, what="a migration that runs")
    for one in migrating(place):
        one.end()
    said = deploy.wait()
    assert said.code in {0, 1}, said
    if said.code == 1:
        place.run("deploy", "--yes")
    assert place.get("/rows") == (200, "1")
    assert assert_whole(place)["release"]["version"] == "2"


def migrating(place: Place) -> list[Process]:
    """The stub of the migration's job and its client."""
    clients = [one for one in place.processes() if "psql" in one.command and "--dbname=parrot" in one.command]
    return [one for one in place.processes() if "process_stub" in one.command] + clients if clients else []


def postmaster(place: Place) -> Process:
    return next(one for one in place.processes() if "postgres" in one.command and " -D " in one.command)


def test_a_supervisor_that_is_asked_to_end_leaves_all_that_runs(place: Place) -> None:
    place.ship(Parrot())
    before = [one.pid for one in place.instances()]
    supervisor = place.process(SUPERVISOR)
    with Load(place.url, rate=100) as load:
        os.kill(supervisor.pid, signal.SIGTERM)
        until(lambda: not supervisor.lives, within=10, what="the end of the supervisor")
        place.run("up", "--yes")
    assert load.stop().lost == [], load.tally
    assert [one.pid for one in place.instances()] == before
    assert_whole(place)
