"""Serves an application with uvicorn in a process of its own, on a free port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class RunningServer:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(app: str, *options: str, **environment: str) -> Iterator[RunningServer]:
    """Serve *app*, as `module:name`; end the server and its workers in any case."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", *options]
    full_environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'kit/src'}", **environment}
    process = subprocess.Popen(command, env=full_environment, cwd=ROOT, start_new_session=True)
    try:
        _wait_until_listening(port, process)
        yield RunningServer(port, process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)  # the server is another process, so there is no clock to advance
    raise AssertionError("the server never listened")
