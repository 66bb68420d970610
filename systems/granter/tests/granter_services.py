"""The services as processes, each at a free port with just the variables that the manifest gives it."""

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


class NotToBeHad(Exception):
    """What a service needs to run is not here; the message says what to install."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: dict[str, str]


def get(url: str, **headers: str) -> Answer:
    """The answer to GET *url*, whatever its status; redirects are followed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=named), timeout=10) as answer:
            return Answer(answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()})
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, refused.read().decode(), {k.lower(): v for k, v in refused.headers.items()})


def until(ask: Callable[[], bool], what: str, within: float = 30.0) -> None:
    """Wait for the thing itself."""
    end = time.monotonic() + within
    while not ask():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about within {within:g} s")
        time.sleep(0.02)


def python_of(service: str, made_in: Path) -> str:
    """An interpreter with what *service* needs: ours if it has it, else one made from the service's lock."""
    if all(importlib.util.find_spec(module) for module in NEEDED[service]):
        return sys.executable
    made = made_in / service
    python = made / "bin" / "python"
    if python.exists():
        return str(python)
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    if not Path(uv).exists():
        raise NotToBeHad(f"{service} needs {', '.join(NEEDED[service])}, or uv to install them from its lock")
    lock = ROOT / service / "requirements.lock"
    for words in (
        [uv, "venv", "-q", "--python", sys.executable, str(made)],
        [uv, "pip", "sync", "-q", "--python", str(made), "--require-hashes", str(lock)],
    ):
        if subprocess.run(words, check=False).returncode:
            raise NotToBeHad(f"{service}'s environment could not be made from {lock}; is the package index reachable?")
    return str(python)


class Service:
    """One running process. Its log is a file, so that nothing it says can block it."""

    def __init__(
        self, name: str, variables: dict[str, str], folder: Path, source: Path | None = None, port: int = 0
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{name}-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python_of(name, folder), "-m", PACKAGES[name]],
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
        until(lambda: self.answers("/ready"), f"/ready of {self.log.stem} ({self.log.read_text()})")
        return self

    def answers(self, path: str) -> bool:
        with contextlib.suppress(OSError):
            return get(self.url + path).status == 200
        return False

    def stop(self, within: float = 10.0) -> int:
        """Ask for the end as a release does, and tell how it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()
            self.process.wait()
