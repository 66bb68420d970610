"""A real Postgres from the wheel, driven by the jobs and the spec that the driver answers with."""

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.clock import Patience, SystemClock
from mainstay.datastores import Datastore
from mainstay.datastores.postgres import Postgres
from mainstay.folders import Folders
from mainstay.release import DatastorePlace, Environment, Job, Listener, Template, Value
from mainstay.sealed import SealedFile, SecretRef
from mainstay.shell import GuardedShell
from mainstay.users import identity
from tests.contracts.datastore import FIRST, SECOND, DatastoreContract, Perform
from tests.fakes.datastore import FakeDatastore

ROOT = os.geteuid() == 0
SERVER_USER, SERVICE_USER = ("games", "nobody") if ROOT else ("", "")
patience = Patience(SystemClock())


class Machine:
    """The least of a target: fills in values, runs one job to its end, keeps one server."""

    def __init__(self, state: Path) -> None:
        self.folders = Folders(state, state / "keys")
        self.environment = Environment(
            "shop", "local", "process", str(state), str(state / "keys"), SERVICE_USER, SERVER_USER
        )
        self.sealed = SealedFile(self.folders.sealed, self.folders.secret_key)
        place = DatastorePlace("db", "postgres", "embedded")
        self.postgres = Postgres(place, self.environment, self.folders, GuardedShell(), SystemClock())
        for secret in self.postgres.secrets():
            self.sealed.generate(secret, 43)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.listener = f"127.0.0.1:{self.port}"
        self.server: subprocess.Popen[bytes] | None = None

    def fill(self, value: Value) -> str:
        match value:
            case str():
                return value
            case SecretRef():
                return self.sealed.read(value).reveal()
            case Listener(part=part):
                return {"port": str(self.port), "host": "127.0.0.1"}.get(part, self.listener)
            case Template(pieces=pieces):
                return "".join(
                    urllib.parse.quote(self.fill(piece.value), safe="")
                    if piece.encoding == "percent"
                    else self.fill(piece.value)
                    for piece in pieces
                )

    def begin(self, job: Job) -> subprocess.Popen[str]:
        self.folders.job(job.id).mkdir(parents=True, exist_ok=True)
        whom = identity(job.user)
        return subprocess.Popen(
            job.command,
            cwd=job.folder,
            env={"PATH": os.defpath} | {name: self.fill(value) for name, value in job.environment.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=whom.uid if ROOT else None,
            group=whom.gid if ROOT else None,
            extra_groups=[] if ROOT else None,
        )

    def run(self, job: Job | None) -> None:
        if job is not None:
            child = self.begin(job)
            said, _ = child.communicate(job.stdin, timeout=60)
            assert child.returncode == 0, said

    def start(self) -> None:
        spec = self.postgres.spec()
        whom = identity(spec.user)
        with open(self.folders.state / "server.log", "ab") as log:
            self.server = subprocess.Popen(
                spec.command,
                cwd=spec.folder,
                env={spec.port_variable: str(self.port)},
                stdout=log,
                stderr=log,
                user=whom.uid if ROOT else None,
                group=whom.gid if ROOT else None,
                extra_groups=[] if ROOT else None,
            )
        ready = [*spec.health.command]
        patience.until(
            lambda: (
                subprocess.run(ready, env={"PGHOST": "127.0.0.1", "PGPORT": str(self.port)}, check=False).returncode
                == 0
            ),
            within=30,
            waiting_for="the server",
        )

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(timeout=30)
            self.server = None

    def up(self) -> None:
        self.postgres.prepare()
        self.run(self.postgres.initialise("initdb"))
        self.start()
        self.run(self.postgres.roles("roles"))

    def ask(self, role: str, query: str) -> subprocess.CompletedProcess[str]:
        url = self.fill(self.postgres.address("owner" if role == "owner" else "application"))
        psql = Path(self.postgres.spec().command[0]).with_name("psql")
        return subprocess.run(
            [psql, "-XAtq", "-c", query],
            env={"PGDATABASE": ""} | parts(url),
            capture_output=True,
            text=True,
            check=False,
        )


def parts(url: str) -> dict[str, str]:
    """A connection's address as environment, so that no password is an argument."""
    split = urllib.parse.urlsplit(url)
    return {
        "PGHOST": split.hostname or "",
        "PGPORT": str(split.port),
        "PGUSER": split.username or "",
        "PGPASSWORD": urllib.parse.unquote(split.password or ""),
        "PGDATABASE": split.path.lstrip("/"),
    }


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    # A folder of its own below /tmp: pytest's are closed to the users that server and services run under.
    state = Path("/tmp") / f"mainstay-test-postgres-{os.getpid()}"
    state.mkdir(mode=0o711)
    for folder in ("data", "content"):
        (state / folder).mkdir(mode=0o711)
    machine = Machine(state)
    machine.up()
    yield machine
    machine.stop()
    shutil.rmtree(state)


@pytest.fixture
def migrations(machine: Machine) -> Iterator[Path]:
    folder = machine.folders.contents / "migrations"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)
    machine.ask(
        "owner", "drop schema public cascade; create schema public; grant usage on schema public to shop_application"
    )
    machine.ask("owner", "drop table if exists mainstay.migration")


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o644)


def test_pending_migrations_run_in_order_as_the_owner_and_only_once(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int primary key, owner text default current_user);")
    write(migrations, "0002_b.sql", "insert into grants (id) values (1);")
    assert machine.postgres.schema(str(migrations), machine.listener).pending == ("0001_a", "0002_b")
    machine.run(machine.postgres.migrate("first", str(migrations)))
    machine.run(machine.postgres.migrate("again", str(migrations)))
    schema = machine.postgres.schema(str(migrations), machine.listener)
    assert (schema.revision, schema.pending, schema.half_done) == ("0002_b", (), ())
    assert machine.ask("application", "select * from grants").stdout == "1|shop_owner\n"


def test_the_application_may_change_rows_but_neither_tables_nor_the_ledger(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int);")
    machine.run(machine.postgres.migrate("rights", str(migrations)))
    assert machine.ask("application", "insert into grants values (1)").returncode == 0
    for forbidden in ("create table x (id int)", "drop table grants", "delete from mainstay.migration"):
        assert machine.ask("application", forbidden).returncode != 0, forbidden


@pytest.mark.failure("F53")
def test_a_migration_that_fails_leaves_nothing_and_the_earlier_ones_stay(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table kept (id int);")
    write(migrations, "0002_b.sql", "create table gone (id int); select 1/0;")
    job = machine.postgres.migrate("fails", str(migrations))
    child = machine.begin(job)
    said, _ = child.communicate(job.stdin, timeout=30)
    assert child.returncode == 3
    assert "division by zero" in said
    assert machine.postgres.schema(str(migrations), machine.listener).pending == ("0002_b",)
    assert machine.ask("owner", "select to_regclass('kept'), to_regclass('gone')").stdout == "kept|\n"


@pytest.mark.failure("F51")
def test_a_kill_in_mid_migration_leaves_no_session_and_no_half(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_slow.sql", "create table half (id int); select pg_sleep(60);")
    job = machine.postgres.migrate("killed", str(migrations))
    child = machine.begin(job)
    assert child.stdin is not None
    child.stdin.write(job.stdin)
    child.stdin.close()
    sleeping = (
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()"
    )
    patience.until(lambda: machine.ask("owner", sleeping).stdout == "1\n", within=10, waiting_for="the migration")
    assert machine.postgres.schema(str(migrations), machine.listener).busy
    child.kill()
    child.wait()
    patience.until(
        lambda: not machine.postgres.schema(str(migrations), machine.listener).busy,
        within=2,
        waiting_for="the end of the killed session",
    )
    assert machine.postgres.schema(str(migrations), machine.listener).pending == ("0001_slow",)


@pytest.mark.failure("F52")
def test_a_kill_outside_a_transaction_is_known_to_be_half_done(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_slow.sql", "-- mainstay: no transaction\nselect pg_sleep(60);")
    job = machine.postgres.migrate("outside", str(migrations))
    child = machine.begin(job)
    assert child.stdin is not None
    child.stdin.write(job.stdin)
    child.stdin.close()
    patience.until(
        lambda: machine.postgres.schema(str(migrations), machine.listener).half_done == ("0001_slow",),
        within=10,
        waiting_for="the migration",
    )
    child.kill()
    child.wait()
    assert machine.postgres.schema(str(migrations), machine.listener).half_done == ("0001_slow",)


def test_no_password_gets_in_as_the_superuser(machine: Machine) -> None:
    psql = Path(machine.postgres.spec().command[0]).with_name("psql")
    environment = {"PGHOST": "127.0.0.1", "PGPORT": str(machine.port), "PGUSER": "postgres", "PGPASSWORD": "postgres"}
    said = subprocess.run([psql, "-XAtqc", "select 1"], env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 2


@pytest.mark.root
@pytest.mark.skipif(not ROOT, reason="only root can run the server under a user of its own")
def test_the_service_user_can_neither_read_the_data_nor_become_superuser(machine: Machine) -> None:
    shell = GuardedShell()
    assert shell(["ls", str(machine.folders.data / "db" / "cluster")], user=SERVICE_USER).code != 0
    socket_name = next(word for word in machine.postgres.spec().command if word.startswith("unix_socket"))
    psql = str(Path(machine.postgres.spec().command[0]).with_name("psql"))
    environment = {"PGHOST": socket_name.partition("=")[2], "PGPORT": str(machine.port), "PGUSER": "postgres"}
    assert (
        "Peer authentication failed" in shell([psql, "-Xc", "select 1"], environment=environment, user=SERVICE_USER).err
    )


@pytest.mark.failure("F48")
def test_what_was_written_is_there_after_a_restart(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table kept (id int); insert into kept values (7);")
    machine.run(machine.postgres.migrate("restart", str(migrations)))
    machine.stop()
    assert machine.postgres.initialise("another") is None
    machine.start()
    assert machine.ask("application", "select id from kept").stdout == "7\n"


def test_nothing_that_the_plan_would_hold_shows_a_password(machine: Machine) -> None:
    job = machine.postgres.migrate("shown", str(machine.folders.contents))
    shown = json.dumps([str(machine.postgres.spec()), str(job), str(machine.postgres.address("application"))])
    assert all(machine.sealed.read(SecretRef(name)).reveal() not in shown for name in machine.postgres.secrets())


class TestPostgres(DatastoreContract):
    @pytest.fixture
    def store(self, machine: Machine) -> Datastore:
        return machine.postgres

    @pytest.fixture
    def perform(self, machine: Machine) -> Perform:
        def carried_out(job: Job) -> int:
            child = machine.begin(job)
            child.communicate(job.stdin, timeout=60)
            return child.returncode

        return carried_out

    @pytest.fixture
    def listener(self, machine: Machine) -> str:
        return machine.listener

    @pytest.fixture
    def folder(self, migrations: Path) -> Path:
        write(migrations, f"{FIRST}.sql", "create table first (id int);")
        write(migrations, f"{SECOND}.sql", "create table second (id int);")
        return migrations


class TestFakeDatastore(DatastoreContract):
    @pytest.fixture
    def store(self) -> FakeDatastore:
        store = FakeDatastore(migrations=(FIRST, SECOND))
        store.initialised = True
        return store

    @pytest.fixture
    def perform(self, store: FakeDatastore) -> Perform:
        return store.perform

    @pytest.fixture
    def listener(self) -> str:
        return "127.0.0.1:5432"

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path
