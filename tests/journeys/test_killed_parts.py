"""SIGKILL of every process of an environment: the supervisor or the next command restarts it."""

import os
import signal
from pathlib import Path

import pytest

from tests.journeys.command import Command
from tests.journeys.consistency import assert_consistent, healthy_status
from tests.journeys.load import Load
from tests.journeys.machine import SUPERVISOR, Process, wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

SLOW_MIGRATION = TABLE | {"0002_nap.sql": "select pg_sleep(2);\ninsert into visit default values;\n"}


def test_a_killed_instance_is_restarted_and_no_repeatable_request_is_lost(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(replicas=2))
    with Load(sandbox.url, rate=200) as load:
        victim = sandbox.instances()[0]
        victim.kill()
        wait_until(
            lambda: len(sandbox.instances()) == 2 and healthy_status(sandbox), within=15, what="two healthy instances"
        )
    assert load.stop().not_ok == [], load.tally
    assert victim.pid not in {process.pid for process in sandbox.instances()}
    assert_consistent(sandbox)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_the_end_of_the_supervisor_does_not_affect_running_instances(
    any_sandbox: Sandbox, number: signal.Signals
) -> None:
    any_sandbox.ship(WebApp(replicas=2))
    before = {process.pid for process in any_sandbox.instances()}
    with Load(any_sandbox.url, rate=200) as load:
        supervisor = any_sandbox.process(SUPERVISOR)
        os.kill(supervisor.pid, number)
        wait_until(lambda: not supervisor.is_alive, within=10, what="the end of the supervisor")
        any_sandbox.run("up", "--yes")
    assert load.stop().not_ok == [], load.tally
    assert {process.pid for process in any_sandbox.instances()} == before
    assert_consistent(any_sandbox)


def test_an_instance_that_ended_without_a_supervisor_is_restarted_by_the_next_command(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp())
    sandbox.process(SUPERVISOR).kill()
    sandbox.instances()[0].kill()
    assert sandbox.run("status", code=1).code == 1
    sandbox.run("up", "--yes")
    assert_consistent(sandbox)


def test_a_deploy_continues_when_the_supervisor_is_killed(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    sandbox.write(WebApp("2", behaviour={"ready_after": 1}))
    with Load(sandbox.url, rate=200) as load:
        deploy = sandbox.start_with_events("deploy", "--yes")
        deploy.wait_for_event("started", "Start web@2")
        sandbox.process(SUPERVISOR).kill()
        result = deploy.wait()
    assert result.code == 0, result
    assert load.stop().not_ok == [], load.tally
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def test_a_supervisor_killed_between_fork_and_record_starts_nothing_twice(sandbox: Sandbox) -> None:
    deploy, stub, pipe = deploy_with_a_blocked_stub(sandbox)
    assert not (sandbox.state / "instances" / "web-2-1" / "started").exists()
    sandbox.process(SUPERVISOR).kill()
    wait_until(lambda: sandbox.process(SUPERVISOR), within=10, what="a new supervisor")
    pipe.rename(pipe.with_name("pipe"))
    reader = os.open(pipe.with_name("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = deploy.wait()
        assert result.code == 0, result
        assert [process.pid for process in sandbox.instances()] == [stub.pid]
        assert assert_consistent(sandbox)["release"]["version"] == "2"
    finally:
        os.close(reader)


def test_a_stub_killed_before_its_record_is_replaced(sandbox: Sandbox) -> None:
    deploy, stub, pipe = deploy_with_a_blocked_stub(sandbox)
    pipe.rename(pipe.with_name("pipe"))
    stub.kill()
    result = deploy.wait()
    assert result.code == 0, result
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def deploy_with_a_blocked_stub(sandbox: Sandbox) -> tuple[Command, Process, Path]:
    """Start a deploy whose stub blocks before it writes its record; return the command, the stub and the pipe.

    The stub opens its log first: a named pipe in place of the log blocks it.
    """
    sandbox.ship(WebApp("1"))
    pipe = sandbox.state / "logs" / "web" / "web-2-1.out"
    os.mkfifo(pipe, 0o600)
    sandbox.write(WebApp("2"))
    deploy = sandbox.start_with_events("deploy", "--yes")
    return deploy, wait_until(lambda: blocked_stub(sandbox), within=20, what="a blocked stub"), pipe


def blocked_stub(sandbox: Sandbox) -> Process | None:
    lock = str(sandbox.state / "instances" / "web-2-1" / "lock")
    return next((stub for stub in sandbox.processes("process_stub") if lock in open_files(stub.pid)), None)


def open_files(pid: int) -> list[str]:
    folder = Path(f"/proc/{pid}/fd")
    try:
        return [os.readlink(folder / name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []


def test_a_killed_haproxy_is_restarted(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp())
    url = any_sandbox.url
    edge = any_sandbox.processes("haproxy")
    assert edge != []
    for process in edge:
        process.kill()
    wait_until(lambda: any_sandbox.get(url=url) == (200, "version 1"), within=10, what="a response of the front door")
    assert any_sandbox.url == url
    assert_consistent(any_sandbox)


def test_a_killed_database_is_restarted_with_its_rows(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(migrations=TABLE))
    assert any_sandbox.get("/rows", method="POST") == (200, "1")
    postmaster(any_sandbox).kill()
    wait_until(
        lambda: healthy_status(any_sandbox) and any_sandbox.get("/rows") == (200, "1"),
        within=30,
        what="the stored row",
    )
    assert_consistent(any_sandbox)


def test_everything_killed_at_once_is_restarted_by_the_next_command(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp(migrations=TABLE))
    assert sandbox.get("/rows", method="POST") == (200, "1")
    for process in [sandbox.process(SUPERVISOR), *sandbox.processes()]:
        process.kill()
    sandbox.run("up", "--yes")
    assert sandbox.get("/rows") == (200, "1")
    assert_consistent(sandbox)


@pytest.mark.parametrize("victim", ["supervisor", "command", "both"])
def test_a_migration_runs_once_whichever_process_is_killed_meanwhile(sandbox: Sandbox, victim: str) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    deploy = sandbox.start_deploy(WebApp("2", migrations=SLOW_MIGRATION), "Migrate")
    wait_until(lambda: sandbox.job("psql", "--dbname=parrot"), within=10, what="a running migration")
    if victim != "supervisor":
        deploy.kill()
    if victim != "command":
        sandbox.process(SUPERVISOR).kill()
    result = deploy.wait() if victim == "supervisor" else sandbox.run("resume")
    assert result.code == 0, result
    assert sandbox.get("/rows") == (200, "1")
    assert assert_consistent(sandbox)["datastores"][0]["schema"] == "0002_nap"


@pytest.mark.failure("F51")
def test_a_migration_whose_job_was_killed_is_run_again(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", migrations=TABLE))
    deploy = sandbox.start_deploy(WebApp("2", migrations=SLOW_MIGRATION), "Migrate")
    wait_until(lambda: sandbox.job("psql", "--dbname=parrot"), within=10, what="a running migration")
    for process in sandbox.job("psql", "--dbname=parrot"):
        process.kill()
    result = deploy.wait()
    assert result.code in {0, 1}, result
    if result.code == 1:
        sandbox.run("deploy", "--yes")
    assert sandbox.get("/rows") == (200, "1")
    assert assert_consistent(sandbox)["release"]["version"] == "2"


def postmaster(sandbox: Sandbox) -> Process:
    return sandbox.processes("postgres", " -D ")[0]
