"""A real Postgres from the wheel, driven by the jobs and the spec that the driver answers with."""

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from mainstay.clock import Patience, SystemClock
from mainstay.datastores import Datastore
from mainstay.datastores.postgres import SETTINGS, Postgres
from mainstay.errors import Unreachable
from mainstay.folders import Folders
from mainstay.release import DatastorePlace, Environment, Job, Listener, Template, Value
from mainstay.sealed import SealedFile, SecretRef
from mainstay.shell import GuardedShell
from mainstay.users import identity, name_for, removal
from tests.contracts.datastore import FIRST, SECOND, DatastoreContract, Perform
from tests.fakes.datastore import FakeDatastore

ROOT = os.geteuid() == 0
SERVER_USER, SERVICE_USER = (name_for("test", f"postgres {os.getpid()}"), "nobody") if ROOT else ("", "")
patience = Patience(SystemClock())


class Machine:
    """The least of a target: fills in values, runs one job to its end, keeps one server."""

    def __init__(self, state: Path) -> None:
        self.folders = Folders(state, state / "keys")
        self.environment = Environment(
            "shop", "local", "process", str(state), str(state / "keys"), SERVICE_USER, SERVER_USER
        )
        self.sealed = SealedFile(self.folders.sealed, self.folders.secret_key)
        self.postgres = self.of("shop")
        for secret in self.postgres.secrets():
            self.sealed.generate(secret, 43)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.listener = f"127.0.0.1:{self.port}"
        self.server: subprocess.Popen[bytes] | None = None

    def of(self, system: str) -> Postgres:
        """What drives it for *system*."""
        environment = msgspec.structs.replace(self.environment, system=system)
        place = DatastorePlace("db", "postgres", "embedded")
        return Postgres(place, environment, self.folders, GuardedShell(), SystemClock())

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

    def run(self, job: Job | None) -> str:
        """What it said."""
        if job is None:
            return ""
        child = self.begin(job)
        said, _ = child.communicate(job.stdin, timeout=60)
        assert child.returncode == 0, said
        return said

    def migrate(self, identity: str, folder: Path) -> str:
        return self.run(self.postgres.migrate(identity, str(folder)))

    def schema(self, folder: Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        schema = self.postgres.schema(str(folder), self.listener)
        return schema.revision, schema.pending, schema.half_done

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
            self.server.send_signal(signal.Signals[self.postgres.spec().stop_signal])
            self.server.wait(timeout=30)
            self.server = None

    def up(self) -> None:
        # Whoever typed the command may keep all they make to themselves.
        usual = os.umask(0o077)
        self.postgres.prepare()
        os.umask(usual)
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

    def await_sleeper(self) -> None:
        """Wait for a session that sleeps."""
        query = "select count(*) from pg_stat_activity where query ~ 'pg_sleep' and wait_event = 'PgSleep'"
        patience.until(lambda: self.ask("owner", query).stdout == "1\n", within=10, waiting_for="a session that sleeps")


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
    try:
        machine.up()
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(state)
        if ROOT:
            subprocess.run(removal(SERVER_USER), check=True)


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


def test_one_that_is_added_with_an_earlier_number_runs_and_the_schema_stays_at_the_last(
    machine: Machine, migrations: Path
) -> None:
    for name in ("0002_b.sql", "0001_a.sql"):
        write(migrations, name, f"create table t{name[:4]} (id int);")
        machine.migrate(name, migrations)
    assert machine.schema(migrations) == ("0002_b", (), ())


def test_one_that_ended_outside_a_transaction_is_done(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int);")
    write(migrations, "0002_b.sql", "-- mainstay: no transaction\ncreate index concurrently on grants (id);")
    machine.migrate("concurrently", migrations)
    assert machine.schema(migrations) == ("0002_b", (), ())


def test_two_at_once_run_each_migration_once(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table grants (id int); select pg_sleep(0.3);")
    jobs = [machine.postgres.migrate(name, str(migrations)) for name in ("one", "other")]
    children = [(machine.begin(job), job) for job in jobs]
    for child, job in children:
        assert child.stdin is not None
        child.stdin.write(job.stdin)
        child.stdin.close()
    assert [child.wait(timeout=30) for child, _ in children] == [0, 0]


def test_what_cannot_be_told_in_the_ledger_has_not_happened(machine: Machine, migrations: Path) -> None:
    refuses = "alter table mainstay.migration add constraint none check (name <> '0001_a.sql');"
    write(migrations, "0001_a.sql", f"create table gone (id int); {refuses}")
    job = machine.postgres.migrate("untold", str(migrations))
    child = machine.begin(job)
    said, _ = child.communicate(job.stdin, timeout=30)
    assert (child.returncode, 'violates check constraint "none"' in said) == (3, True)
    assert machine.ask("owner", "select to_regclass('gone')").stdout == "\n"


def test_a_migration_is_heard_and_the_ledger_is_not(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "do $$ begin raise notice 'moved 3 rows'; end $$;")
    assert "NOTICE:  moved 3 rows" in machine.migrate("heard", migrations)
    assert machine.migrate("again", migrations) == ""


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
    machine.await_sleeper()
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
    write(migrations, "0002_b.sql", "-- mainstay: no transaction\nselect 1;")
    machine.migrate("after-it", migrations)
    assert machine.schema(migrations) == ("0002_b", (), ("0001_slow",))


def test_half_of_a_store_is_kept_beside_and_one_is_made_anew(tmp_path: Path) -> None:
    postgres = Machine(tmp_path).postgres
    cluster = tmp_path / "data" / "db" / "cluster"
    for name in ("one", "two"):
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text(name)
        assert postgres.initialise(name) is not None
    halves = {half.name: (half / "PG_VERSION").read_text() for half in cluster.parent.iterdir()}
    assert halves == {"cluster.half-1": "one", "cluster.half-2": "two"}


def test_a_store_that_is_being_made_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    cluster = tmp_path / "data" / "db" / "cluster"
    for folder in (cluster, machine.folders.job("one")):
        folder.mkdir(parents=True)
    assert machine.postgres.initialise("one") is not None
    assert cluster.exists()


def test_where_its_database_was_not_made_yet_all_is_pending(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "select 1;")
    other = machine.of("corner-shop")
    assert other.schema(str(migrations), machine.listener).pending == ("0001_a",)
    assert machine.fill(other.address("owner")).endswith("/corner_shop")


def test_a_server_that_does_not_answer_is_said_to_be_unreachable(machine: Machine) -> None:
    with pytest.raises(Unreachable, match=r"db does not answer: .*Connection refused") as silent:
        machine.postgres.schema(None, "127.0.0.1:1")
    assert silent.value.remedy == "mainstay logs db"


def test_the_server_is_set_as_said_and_listens_on_this_machine_only(machine: Machine) -> None:
    for name, value in SETTINGS.items():
        assert machine.ask("application", f"show {name}").stdout == f"{value}\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", machine.port), timeout=5)


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
def test_what_was_written_is_there_after_a_restart_that_no_client_holds_up(machine: Machine, migrations: Path) -> None:
    write(migrations, "0001_a.sql", "create table kept (id int); insert into kept values (7);")
    machine.migrate("restart", migrations)
    with ThreadPoolExecutor() as threads:
        client = threads.submit(machine.ask, "owner", "select pg_sleep(60)")
        machine.await_sleeper()
        machine.stop()
        assert "terminating connection" in client.result().stderr
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
