"""uv in a build: `uv pip install` uses the virtual environment that `uv venv` created."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

pytestmark = pytest.mark.slow

BUILD = [
    ["{uv}", "venv", "--quiet", "--offline", ".venv"],
    ["{uv}", "pip", "install", "--quiet", "--offline", "--no-index", "--find-links", ".", "whistle"],
    [".venv/bin/python", "-c", "import whistle; open('message', 'w').write(whistle.TUNE)"],
]


def test_uv_installs_into_the_environment_that_uv_created(any_sandbox: Sandbox) -> None:
    any_sandbox.write(WebApp(build=BUILD, service={"command": [".venv/bin/python", "app.py"]}))
    make_wheel(any_sandbox.checkout / "web")
    any_sandbox.run("up", "--yes", exported={"UV_PYTHON": "/usr/bin/python3", "VIRTUAL_ENV": "/nonexistent"})
    assert any_sandbox.get() == (200, "a short tune")
    assert json.loads(any_sandbox.get("/environment")[1])["message"] == "a short tune"


def make_wheel(folder: Path) -> None:
    """Write a package that a build can install without a network."""
    info = "whistle-1.0.dist-info"
    files = {
        "whistle.py": "TUNE = 'a short tune'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: whistle\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "whistle-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(name, text)
