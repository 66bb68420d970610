"""A real Postgres from the wheel, driven by the jobs and the workload that the driver answers with."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstay.drivers.datastores.postgres import programs
from mainstay.drivers.datastores.postgres.driver import Postgres
from mainstay.drivers.datastores.postgres.server import SETTINGS
from mainstay.errors import BadInput, Unreachable
from mainstay.model import SecretRef
from tests.contracts.datastore import (
    FIRST,
    SECOND,
    AddressableContract,
    MigratableContract,
    ProvisionedContract,
    RunJob,
)
from tests.drivers.datastores.postgres.machine import Machine, write
from tests.fakes.disk import Disk
from tests.fakes.power import Power


@pytest.mark.failure("F22")
def test_access_rules_are_synced_to_disk_before_the_server_starts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(Power(), monkeypatch)
    machine.postgres.prepare()
    assert {path.name for path in disk.renamed} == {"pg_hba.conf", "pg_ident.conf"}
    assert disk.lost() == set()
    assert {path.stat().st_mode & 0o777 for path in disk.renamed} == {0o644}


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Where the data of `Machine(tmp_path)` is."""
    return tmp_path / "data" / "db" / "cluster"


def test_an_incomplete_cluster_is_moved_aside_and_a_new_one_created(tmp_path: Path, cluster: Path) -> None:
    postgres = Machine(tmp_path).postgres
    for name in ("one", "two"):
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text(name)
        assert postgres.initialise(name) is not None
    halves = {half.name: (half / "PG_VERSION").read_text() for half in cluster.parent.iterdir()}
    assert halves == {"cluster.half-1": "one", "cluster.half-2": "two"}


def test_a_cluster_that_is_being_created_is_left_alone(tmp_path: Path, cluster: Path) -> None:
    machine = Machine(tmp_path)
    for folder in (cluster, machine.folders.job("one")):
        folder.mkdir(parents=True)
    assert machine.postgres.initialise("one") is not None
    assert cluster.exists()


def test_data_of_another_major_version_is_refused_and_left_alone(tmp_path: Path, cluster: Path) -> None:
    postgres = Machine(tmp_path).postgres
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9.6\n")
    (cluster / "postmaster.opts").touch()
    for refused in (postgres.refuse_other_data, postgres.prepare):
        with pytest.raises(BadInput, match=r"of db was written by Postgres 9\.6, and the embedded Postgres is \d+"):
            refused()
    (cluster / "PG_VERSION").write_text(f"{programs.majors()[0]}\n")
    postgres.refuse_other_data()


def test_servers_of_two_environments_have_different_sockets(tmp_path: Path) -> None:
    commands = [Machine(tmp_path / name).postgres.workload().command for name in ("one", "other")]
    one, other = ({word for word in command if word.startswith("unix_socket")} for command in commands)
    assert one
    assert not one & other


def test_the_version_is_that_of_the_server(machine: Machine) -> None:
    assert machine.query("owner", "show server_version").stdout == f"{machine.postgres.version()}\n"


def test_a_server_that_does_not_respond_is_unreachable(machine: Machine) -> None:
    with pytest.raises(Unreachable, match=r"db does not answer: .*Connection refused") as silent:
        machine.postgres.schema(None, "127.0.0.1:1")
    assert silent.value.remedy == "mainstay logs db"


def test_the_server_has_its_settings_and_listens_on_this_machine_only(machine: Machine) -> None:
    for name, value in SETTINGS.items():
        assert machine.query("application", f"show {name}").stdout == f"{value}\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", machine.port), timeout=5)


def test_text_is_unicode_in_every_locale(machine: Machine) -> None:
    assert machine.query("application", r"select upper(U&'\00e9') = U&'\00c9'").stdout == "t\n"


@pytest.mark.failure("F48")
def test_data_survives_a_restart_that_open_clients_do_not_delay(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table kept (id int); insert into kept values (7);")
    machine.migrate("restart", migrations)
    with ThreadPoolExecutor() as threads:
        client = threads.submit(machine.query, "owner", "select pg_sleep(60)")
        machine.wait_for_sleeping_session()
        machine.stop()
        assert "terminating connection" in client.result().stderr
    assert machine.postgres.initialise("another") is None
    machine.start()
    assert machine.query("application", "select id from kept").stdout == "7\n"


def test_no_workload_job_or_address_contains_a_password(machine: Machine) -> None:
    job = machine.postgres.migrate("shown", str(machine.folders.contents))
    shown = json.dumps([str(machine.postgres.workload()), str(job), str(machine.postgres.address())])
    assert all(machine.sealed.read(SecretRef(name)).reveal() not in shown for name in machine.postgres.secrets())


class TestPostgres(ProvisionedContract, AddressableContract, MigratableContract):
    @pytest.fixture
    def store(self, machine: Machine) -> Postgres:
        return machine.postgres

    @pytest.fixture
    def run_job(self, machine: Machine) -> RunJob:
        return lambda job: machine.finish(job)[0]

    @pytest.fixture
    def listener(self, machine: Machine) -> str:
        return machine.listener

    @pytest.fixture
    def folder(self, migrations: Path) -> Path:
        write(migrations, f"{FIRST}.sql", "create table first (id int);")
        write(migrations, f"{SECOND}.sql", "create table second (id int);")
        return migrations
