"""`init`: the starter manifest and its application."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mainstay.cli.commands.init import system_name
from mainstay.system.clock import SystemClock, Waiter
from tests.cli.program import mainstay


def test_init_writes_a_valid_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "My Shop.2"
    folder.mkdir()
    assert mainstay(folder, "init") == (0, "wrote mainstay.yaml and app.py\n next: mainstay up\n", "")
    expected = "mainstay.yaml: my-shop-2 1.0.0 for local: 1 service, 0 datastores, 1 route; no mistakes\n"
    assert mainstay(folder, "validate") == (0, f"{expected} next: mainstay up\n", "")


@pytest.mark.parametrize(
    ("folder", "system"),
    [("hello", "hello"), ("My Shop.2", "my-shop-2"), ("3-Wörter_", "w-rter"), ("42", "app"), ("x" * 80, "x" * 63)],
)
def test_the_system_is_named_after_the_folder(folder: str, system: str) -> None:
    assert system_name(folder) == system


@pytest.mark.parametrize(
    ("there", "remedy"), [("mainstay.yaml", "mainstay validate"), ("app.py", "mainstay init in an empty folder")]
)
def test_init_does_not_overwrite_files(tmp_path: Path, there: str, remedy: str) -> None:
    (tmp_path / there).write_text("mine")
    refusal = f"error: {tmp_path} contains {there} already; nothing was written\n next: {remedy}\n"
    assert mainstay(tmp_path, "init") == (2, "", refusal)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_the_starter_application_responds_and_ends_on_sigterm(tmp_path: Path) -> None:
    mainstay(tmp_path, "init")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "MAINSTAY_VERSION": "1.0.0", "PATH": os.environ["PATH"]}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    try:
        Waiter(SystemClock()).wait_until(lambda: is_healthy(port), within=10, waiting_for="the starter")
        assert "1.0.0" in page(port, "/")
        app.send_signal(signal.SIGTERM)
        assert app.wait(timeout=5) == 0
    finally:
        app.kill()
        app.wait()


def is_healthy(port: int) -> bool:
    try:
        return page(port, "/health") == "ok\n"
    except OSError:
        return False


def page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
        text: str = answer.read().decode()
    return text
