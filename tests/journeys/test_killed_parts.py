"""`kill -9` of every part that runs: it is back by itself, or with the next command."""

import os
import signal
from pathlib import Path

import pytest

from tests.journeys.consistency import assert_consistent, healthy_status
from tests.journeys.load import Load
from tests.journeys.machine import Process, until
from tests.journeys.sandbox import Command, Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.slow
SUPERVISOR = "mainstay.drivers.machine.supervisor"
SLEEPY = TABLE | {"0002_nap.sql": "select pg_sleep(2);\ninsert into visit default values;\n"}


def test_a_killed_instance_is_restarted_and_no_repeatable_request_is_lost(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(replicas=2))
    with Load(sandbox.url, rate=200) as load:
        victim = sandbox.instances()[0]
        victim.end()
        until(lambda: len(sandbox.instances()) == 2 and healthy_status(sandbox), within=15, what="two instances again")
    assert load.stop().lost == [], load.tally
    assert victim.pid not in {one.pid for one in sandbox.instances()}
    assert_consistent(sandbox)


def test_killing_the_supervisor_does_not_affect_running_instances(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(replicas=2))
    before = {one.pid for one in any_sandbox.instances()}
    with Load(any_sandbox.url, rate=200) as load:
        any_sandbox.process(SUPERVISOR).end()
        any_sandbox.run("up", "--yes")
    assert load.stop().lost == [], load.tally
    assert {one.pid for one in any_sandbox.instances()} == before
    assert_consistent(any_sandbox)


def test_an_instance_that_ended_without_a_supervisor_is_restarted_by_the_next_command(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.process(SUPERVISOR).end()
    sandbox.instances()[0].end()
    assert sandbox.run("status", code=1).code == 1
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


def test_a_deploy_continues_when_the_supervisor_is_killed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", behaviour={"ready_after": 1}))
    with Load(sandbox.url, rate=200) as load:
        deploy = sandbox.begin("deploy", "--yes")
        deploy.event("started", "Start web@2")
        sandbox.process(SUPERVISOR).end()
        result = deploy.wait()
    assert result.code == 0, result
    assert load.stop().lost == [], load.tally
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_a_supervisor_killed_between_fork_and_record_starts_nothing_twice(sandbox: Sandbox) -> None:
    deploy, stub, pipe = deploy_with_a_stub_that_waits(sandbox)
    assert not (sandbox.state / "instances" / "web-2-1" / "started").exists()
    sandbox.process(SUPERVISOR).end()
    until(lambda: sandbox.process(SUPERVISOR), within=10, what="another supervisor")
    pipe.rename(pipe.with_name("pipe"))
    reader = os.open(pipe.with_name("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = deploy.wait()
        assert result.code == 0, result
        assert [one.pid for one in sandbox.instances()] == [stub.pid]
        assert assert_consistent(sandbox)["release"]["version"] == "2"
    finally:
        os.close(reader)


def test_a_stub_killed_before_its_record_is_replaced(sandbox: Sandbox) -> None:
    deploy, stub, pipe = deploy_with_a_stub_that_waits(sandbox)
    pipe.rename(pipe.with_name("pipe"))
    stub.end()
    result = deploy.wait()
    assert result.code == 0, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def deploy_with_a_stub_that_waits(sandbox: Sandbox) -> tuple[Command, Process, Path]:
    """The stub opens its log before it writes its note: a pipe in the log's place holds it there."""
    sandbox.ship(WebApp("1"))
    pipe = sandbox.state / "logs" / "web" / "web-2-1.out"
    os.mkfifo(pipe, 0o600)
    sandbox.write(WebApp("2"))
    deploy = sandbox.begin("deploy", "--yes")
    return deploy, until(lambda: held_stub(sandbox), within=20, what="a stub that waits"), pipe


def held_stub(sandbox: Sandbox) -> Process | None:
    lock = str(sandbox.state / "instances" / "web-2-1" / "lock")
    fitting = (one for one in sandbox.processes() if "process_stub" in one.command and lock in opened(one.pid))
    return next(fitting, None)


def opened(pid: int) -> list[str]:
    folder = Path(f"/proc/{pid}/fd")
    try:
        return [os.readlink(folder / name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []


def test_a_killed_haproxy_is_restarted(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp())
    url = any_sandbox.url
    edge = [one for one in any_sandbox.processes() if "haproxy" in one.command]
    assert edge != []
    for one in edge:
        one.end()
    until(lambda: any_sandbox.get(url=url) == (200, "version 1"), within=10, what="an answer at the front door")
    assert any_sandbox.url == url
    assert_consistent(any_sandbox)


def test_haproxy_and_supervisor_killed_together_are_restarted_by_the_next_command(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    url = sandbox.url
    for one in [sandbox.process(SUPERVISOR), *(one for one in sandbox.processes() if "haproxy" in one.command)]:
        one.end()
    sandbox.run("up", "--yes")
    assert sandbox.get(url=url) == (200, "version 1")
    assert_consistent(sandbox)


def test_a_killed_database_is_restarted_with_its_rows(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(migrations=TABLE))
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    postmaster(any_sandbox).end()
    until(
        lambda: healthy_status(any_sandbox) and any_sandbox.get("/rows") == (200, "1"),
        within=30,
        what="the row again",
    )
    assert_consistent(any_sandbox)


def test_everything_killed_at_once_is_restarted_by_the_next_command(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(migrations=TABLE))
    assert sandbox.get("/rows", method="POST") == (200, "1")
    for one in [sandbox.process(SUPERVISOR), *sandbox.processes()]:
        one.end()
    sandbox.run("up", "--yes")
    assert sandbox.get("/rows") == (200, "1")
    assert_consistent(sandbox)


@pytest.mark.parametrize("victim", ["supervisor", "command line", "both"])
def test_a_migration_runs_once_whichever_process_is_killed_meanwhile(sandbox: Sandbox, victim: str) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    sandbox.write(WebApp("2", migrations=SLEEPY))
    deploy = sandbox.begin("deploy", "--yes")
    deploy.event("started", "Migrate")
    until(lambda: migrating(sandbox), within=10, what="a migration that runs")
    if victim != "supervisor":
        deploy.kill()
    if victim != "command line":
        sandbox.process(SUPERVISOR).end()
    ended = deploy.wait() if victim == "supervisor" else sandbox.run("resume")
    assert ended.code == 0, ended
    assert sandbox.get("/rows") == (200, "1")
    assert assert_consistent(sandbox)["datastores"][0]["schema"] == "0002_nap"


@pytest.mark.failure("F51")
def test_a_migration_whose_job_was_killed_is_run_again(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    sandbox.write(WebApp("2", migrations=SLEEPY))
    deploy = sandbox.begin("deploy", "--yes")
    deploy.event("started", "Migrate")
    until(lambda: migrating(sandbox), within=10, what="a migration that runs")
    for one in migrating(sandbox):
        one.end()
    result = deploy.wait()
    assert result.code in {0, 1}, result
    if result.code == 1:
        sandbox.run("deploy", "--yes")
    assert sandbox.get("/rows") == (200, "1")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def migrating(sandbox: Sandbox) -> list[Process]:
    """The stub of the migration's job and its client."""
    clients = [one for one in sandbox.processes() if "psql" in one.command and "--dbname=parrot" in one.command]
    return [one for one in sandbox.processes() if "process_stub" in one.command] + clients if clients else []


def postmaster(sandbox: Sandbox) -> Process:
    return next(one for one in sandbox.processes() if "postgres" in one.command and " -D " in one.command)


def test_a_supervisor_that_gets_sigterm_leaves_everything_running(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    before = [one.pid for one in sandbox.instances()]
    supervisor = sandbox.process(SUPERVISOR)
    with Load(sandbox.url, rate=100) as load:
        os.kill(supervisor.pid, signal.SIGTERM)
        until(lambda: not supervisor.is_alive, within=10, what="the end of the supervisor")
        sandbox.run("up", "--yes")
    assert load.stop().lost == [], load.tally
    assert [one.pid for one in sandbox.instances()] == before
    assert_consistent(sandbox)
