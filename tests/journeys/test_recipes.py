"""Each recipe of the page *Put your app in* goes live and is deployed again under load."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.documentation import use_installed_packages
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "put-your-app-in.md"
FILE = re.compile(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
MANIFEST = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOCK: dict[str, Any] = {"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "app"}}}


def test_fastapi_with_uvicorn(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "FastAPI with uvicorn")
    service = manifest["services"]["api"]
    assert service["build"][1] == ["{uv}", "pip", "install", "--quiet", "-r", "requirements.txt"]
    service["build"][1] = use_installed_packages()
    service["command"][:1] = [".venv/bin/python", "-m", "uvicorn"]
    deploy_twice(sandbox, manifest, "main.py", "hello")


@pytest.mark.skipif(shutil.which("npm", path="/usr/local/bin:/usr/bin") is None, reason="needs Node.js in /usr")
def test_nodejs(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "Node.js")
    (sandbox.checkout / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0"}))
    (sandbox.checkout / "package-lock.json").write_text(json.dumps(LOCK))
    deploy_twice(sandbox, manifest, "server.js", "hello")


def test_static_files(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "Static files")
    (sandbox.checkout / "public").mkdir()
    (sandbox.checkout / "public" / "index.html").write_text("hello\n")
    deploy_twice(sandbox, manifest, "public/index.html", "hello")


def recipe(sandbox: Sandbox, title: str) -> dict[str, Any]:
    """Write the files of the recipe to the checkout and return its manifest."""
    text = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for name, content in FILE.findall(text):
        (sandbox.checkout / name).write_text(content)
    (found,) = MANIFEST.findall(text)
    manifest: dict[str, Any] = yaml.safe_load(found)
    return manifest


def deploy_twice(sandbox: Sandbox, manifest: dict[str, Any], file: str, word: str) -> None:
    (service,) = manifest["services"].values()
    service |= {"replicas": 2, "drain": "5s", "steady": "300ms"}
    manifest["edge"]["http"] = "auto"
    (sandbox.checkout / "mainstay.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    sandbox.run("up", "--yes")
    instances = [instance for each in sandbox.status()["services"] for instance in each["instances"]]
    assert [instance["state"] for instance in instances] == ["ready", "ready"]
    assert len({instance["address"] for instance in instances}) == 2, "every instance has its own address"
    assert word in sandbox.get()[1]
    changed = sandbox.checkout / file
    changed.write_text(changed.read_text().replace(word, f"{word} again"))
    with Load(sandbox.url, rate=50) as load:
        sandbox.run("deploy", "--yes")
    assert load.stop().not_ok == [], load.tally
    assert f"{word} again" in sandbox.get()[1]
