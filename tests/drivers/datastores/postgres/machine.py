"""A minimal target for tests of the driver: runs its jobs, and one real server."""

import os
import signal
import socket
import subprocess
import urllib.parse
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.datastores.postgres.driver import Postgres
from mainstay.drivers.machine.instances.values import filled
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.model import DatastorePlace, Environment, Job, Value
from mainstay.system.clock import SystemClock, Waiter
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders, short_id
from mainstay.system.users import identity, name_for

ROOT = os.geteuid() == 0
SERVER_USER, SERVICE_USER = (name_for("test", short_id(f"postgres {os.getpid()}")), "nobody") if ROOT else ("", "")
waiter = Waiter(SystemClock())
needs_root = pytest.mark.skipif(not ROOT, reason="only root can run the server under a user of its own")


class Machine:
    """Fills in values, runs jobs, and starts and stops one server."""

    def __init__(self, state: Path) -> None:
        self.folders = Folders(state, state / "keys")
        self.environment = Environment(
            "shop", "local", "process", str(state), str(state / "keys"), SERVICE_USER, SERVER_USER
        )
        self.sealed = SealedFile(self.folders.sealed, self.folders.secret_key)
        self.postgres = self.driver_for("shop")
        for secret in self.postgres.secrets():
            self.sealed.generate(secret, 43)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.listener = f"127.0.0.1:{self.port}"
        self.server: subprocess.Popen[bytes] | None = None

    def driver_for(self, system: str) -> Postgres:
        """Return the driver of *system*."""
        environment = msgspec.structs.replace(self.environment, system=system)
        place = DatastorePlace("db", "postgres")
        return Postgres(place, environment, self.folders, Shell(), SystemClock())

    def fill(self, value: Value) -> str:
        return filled(value, self.sealed, {"db": self.port})

    def start_job(self, job: Job) -> subprocess.Popen[str]:
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

    def send(self, job: Job) -> subprocess.Popen[str]:
        """Start *job*, and send it its whole standard input."""
        child = self.start_job(job)
        assert child.stdin is not None
        child.stdin.write(job.stdin)
        child.stdin.close()
        return child

    def finish(self, job: Job) -> tuple[int, str]:
        """Run *job* to its end, and return its exit code and output."""
        child = self.start_job(job)
        output, _ = child.communicate(job.stdin, timeout=60)
        return child.returncode, output

    def run(self, job: Job | None) -> str:
        """Run *job*, which must succeed, and return its output."""
        code, output = self.finish(job) if job else (0, "")
        assert code == 0, output
        return output

    def migrate(self, identity: str, folder: Path) -> str:
        return self.run(self.postgres.migrate(identity, str(folder)))

    def schema(self, folder: Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        schema = self.postgres.schema(str(folder), self.listener)
        return schema.revision, schema.pending, schema.half_done

    def start(self) -> None:
        workload = self.postgres.workload()
        whom = identity(workload.user)
        with open(self.folders.state / "server.log", "ab") as log:
            self.server = subprocess.Popen(
                workload.command,
                cwd=workload.folder,
                env={workload.port_variable: str(self.port)},
                stdout=log,
                stderr=log,
                user=whom.uid if ROOT else None,
                group=whom.gid if ROOT else None,
                extra_groups=[] if ROOT else None,
            )
        ready = [*workload.health.command]
        waiter.wait_until(
            lambda: (
                subprocess.run(ready, env={"PGHOST": "127.0.0.1", "PGPORT": str(self.port)}, check=False).returncode
                == 0
            ),
            within=30,
            waiting_for="the server",
        )

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.Signals[self.postgres.workload().stop_signal])
            self.server.wait(timeout=30)
            self.server = None

    def start_new_server(self) -> None:
        # The umask of the operator may be strict.
        before = os.umask(0o077)
        self.postgres.prepare()
        os.umask(before)
        self.run(self.postgres.initialise("initdb"))
        self.start()
        self.run(self.postgres.configure("roles"))

    @property
    def psql(self) -> Path:
        return Path(self.postgres.workload().command[0]).with_name("psql")

    def query(self, role: str, sql: str) -> subprocess.CompletedProcess[str]:
        url = self.fill(self.postgres.address(role))
        return subprocess.run(
            [self.psql, "-XAtq", "-c", sql],
            env={"PGDATABASE": ""} | connection_variables(url),
            capture_output=True,
            text=True,
            check=False,
        )

    def wait_for_sleeping_session(self) -> str:
        """Wait for a session that sleeps, and return its name."""
        sql = "select application_name from pg_stat_activity where wait_event = 'PgSleep'"
        return waiter.wait_until(
            lambda: self.query("owner", sql).stdout.strip() or None, within=10, waiting_for="a session that sleeps"
        )


def connection_variables(url: str) -> dict[str, str]:
    """Return *url* as environment variables, so that no argument contains the password."""
    split = urllib.parse.urlsplit(url)
    return {
        "PGHOST": split.hostname or "",
        "PGPORT": str(split.port),
        "PGUSER": split.username or "",
        "PGPASSWORD": urllib.parse.unquote(split.password or ""),
        "PGDATABASE": split.path.lstrip("/"),
    }


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o644)
