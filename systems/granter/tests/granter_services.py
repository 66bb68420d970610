"""The services as processes, each on a free port with the variables that the manifest gives it."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from granter_postgres import ROOT, free_port

TOKEN = "test-token-0123456789-0123456789-0123456789"
NEEDED = {
    "notice-site": (),
    "data-service": ("starlette", "uvicorn", "psycopg", "psycopg_pool", "httpx2", "selectolax"),
    "backend-core": (
        "fastapi",
        "uvicorn",
        "psycopg",
        "psycopg_pool",
        "httpx2",
        "argon2",
        "jwt",
        "zxcvbn",
        "mainstay_kit",
    ),
    "web-frontend": ("starlette", "uvicorn", "httpx2", "jinja2"),
}
PACKAGES = {
    "notice-site": "notice_site",
    "data-service": "granter_data",
    "backend-core": "granter_core",
    "web-frontend": "granter_web",
}


class NotAvailable(Exception):
    """A requirement of a service is not installed; the message names what to install."""


@dataclass(frozen=True)
class Response:
    status: int
    body: str
    headers: dict[str, str]


def get(url: str, **headers: str) -> Response:
    """Return the response to GET *url*, whatever its status; redirects are followed."""
    header_values = {name.replace("_", "-"): value for name, value in headers.items()}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=header_values), timeout=10) as response:
            return Response(
                response.status, response.read().decode(), {k.lower(): v for k, v in response.headers.items()}
            )
    except urllib.error.HTTPError as error:
        return Response(error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()})


def until(condition: Callable[[], bool], description: str, timeout: float = 30.0) -> None:
    """Poll *condition* until it is true. Raises AssertionError on timeout."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {timeout:g} s waiting for {description}")
        time.sleep(0.02)


def python_for(service: str, folder: Path) -> str:
    """Return an interpreter with the service's packages: this one if it has them, else one created from the lock."""
    if all(importlib.util.find_spec(module) for module in NEEDED[service]):
        return sys.executable
    environment = folder / service
    python = environment / "bin" / "python"
    if python.exists():
        return str(python)
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).exists():
        raise NotAvailable(f"{service} needs {', '.join(NEEDED[service])}, or uv to install them from its lock")
    lock = ROOT / service / "requirements.lock"
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(environment)],
        [uv, "pip", "sync", "-q", "--python", str(environment), "--require-hashes", str(lock)],
    ):
        if subprocess.run(command, check=False).returncode:
            raise NotAvailable(
                f"{service}'s environment could not be created from {lock}; is the package index reachable?"
            )
    return str(python)


class Service:
    """One running process. It logs to a file, so that it cannot block on a full pipe."""

    def __init__(
        self, name: str, variables: dict[str, str], folder: Path, source: Path | None = None, port: int = 0
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{name}-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python_for(name, folder), "-m", PACKAGES[name]],
                cwd=(source or ROOT) / name,
                env={
                    "PATH": os.environ["PATH"],
                    "HOST": "127.0.0.1",
                    "PORT": str(self.port),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "MAINSTAY_VERSION": "2.0.0",
                    **variables,
                },
                stdout=log,
                stderr=log,
            )

    def ready(self) -> "Service":
        until(lambda: self.responds("/ready"), f"/ready of {self.log.stem} ({self.log.read_text()})")
        return self

    def responds(self, path: str) -> bool:
        with contextlib.suppress(OSError):
            return get(self.url + path).status == 200
        return False

    def stop(self, timeout: float = 10.0) -> int:
        """Send SIGTERM, as a release does, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        finally:
            self.process.kill()
            self.process.wait()
