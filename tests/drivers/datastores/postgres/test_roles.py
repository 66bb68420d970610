"""The permissions of the application, the owner and other roles on a real server."""

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.model import SecretRef
from mainstay.system.command import Shell
from tests.drivers.datastores.postgres.machine import SERVICE_USER, Machine, needs_root, write


def test_the_application_may_change_rows_but_no_tables_and_not_the_migration_table(
    machine: Machine, migrations: Path
) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int);")
    machine.migrate("rights", migrations)
    assert machine.query("application", "insert into grants values (1)").returncode == 0
    for forbidden in ("create table x (id int)", "drop table grants", "delete from mainstay.migration"):
        assert machine.query("application", forbidden).returncode != 0, forbidden


def test_the_application_may_use_everything_that_a_migration_creates(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create schema more; create table more.grants (id serial primary key, title text);")
    machine.migrate("brings", migrations)
    for allowed in ("insert into more.grants (title) values ('a')", "update more.grants set title = 'b'"):
        assert machine.query("application", allowed).returncode == 0
    assert machine.query("application", "delete from more.grants returning *").stdout == "1|b\n"
    for forbidden in ("truncate more.grants", "create table more.x (id int)"):
        assert "permission denied" in machine.query("application", forbidden).stderr


def test_prepare_makes_its_folders_private_again(machine: Machine) -> None:
    folders = [machine.folders.data / "db", machine.folders.data / "db" / "settings"]
    for folder in folders:
        folder.chmod(0o755)
    machine.postgres.prepare()
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]


@pytest.mark.root
@needs_root
def test_a_migration_may_do_no_more_on_the_machine_than_a_service(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", r"\! id -un")
    assert SERVICE_USER in machine.migrate("escapes", migrations).splitlines()


def test_sessions_have_time_limits(machine: Machine) -> None:
    names = "lock_timeout statement_timeout idle_in_transaction_session_timeout client_connection_check_interval"
    settings = {
        role: [machine.query(role, f"show {name}").stdout.strip() for name in names.split()]
        for role in ("owner", "application")
    }
    assert settings == {"owner": ["5s", "0", "0", "200ms"], "application": ["10s", "30s", "1min", "1s"]}


def test_other_roles_cannot_connect_to_the_database(machine: Machine) -> None:
    public = "select has_database_privilege('public', current_database(), '{}')"
    assert [machine.query("owner", public.format(right)).stdout for right in ("connect", "temporary")] == ["f\n", "f\n"]


@pytest.mark.threat("S12")
def test_a_failed_configuration_shows_no_password(machine: Machine) -> None:
    job = machine.postgres.configure("broken")
    code, output = machine.finish(replace(job, stdin=job.stdin.replace(" nosuperuser", " nonsense")))
    assert (code, "nonsense" in output) == (3, True)
    visible = output + (machine.folders.state / "server.log").read_text()
    assert all(machine.sealed.read(SecretRef(name)).reveal() not in visible for name in machine.postgres.secrets())


def test_the_superuser_cannot_log_in_with_a_password(machine: Machine) -> None:
    environment = {"PGHOST": "127.0.0.1", "PGPORT": str(machine.port), "PGUSER": "postgres", "PGPASSWORD": "postgres"}
    output = subprocess.run(
        [machine.psql, "-XAtqc", "select 1"], env=environment, capture_output=True, text=True, check=False
    )
    assert output.returncode == 2


@pytest.mark.root
@needs_root
def test_the_service_user_can_neither_read_the_data_nor_become_superuser(machine: Machine) -> None:
    shell = Shell()
    assert shell(["ls", str(machine.folders.data / "db" / "cluster")], user=SERVICE_USER).code != 0
    socket_name = next(word for word in machine.postgres.workload().command if word.startswith("unix_socket"))
    environment = {"PGHOST": socket_name.partition("=")[2], "PGPORT": str(machine.port), "PGUSER": "postgres"}
    refused = shell([str(machine.psql), "-Xc", "select 1"], environment=environment, user=SERVICE_USER)
    assert "Peer authentication failed" in refused.err
