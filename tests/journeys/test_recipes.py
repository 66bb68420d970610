"""The recipes of *Put your app in*, as that page has them: each goes live and is deployed again under load."""

import json
import re
import shutil
import site
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "put-your-app-in.md"
FILE = re.compile(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
MANIFEST = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOCK: dict[str, Any] = {"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "app"}}}


def test_fastapi_with_uvicorn(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "FastAPI with uvicorn")
    # The packages of the tests stand in for those that a build takes from the index.
    ours = f"import site; open(site.getsitepackages()[0] + '/ours.pth', 'w').write({site.getsitepackages()[0]!r})"
    service = manifest["services"]["api"]
    assert service["build"][1] == ["{uv}", "pip", "install", "--quiet", "-r", "requirements.txt"]
    service["build"][1] = [".venv/bin/python", "-c", ours]
    service["command"][:1] = [".venv/bin/python", "-m", "uvicorn"]
    goes_live_and_is_deployed(sandbox, manifest, "main.py", "hello")


@pytest.mark.skipif(shutil.which("npm", path="/usr/local/bin:/usr/bin") is None, reason="needs Node.js in /usr")
def test_nodejs(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "Node.js")
    (sandbox.checkout / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0"}))
    (sandbox.checkout / "package-lock.json").write_text(json.dumps(LOCK))
    goes_live_and_is_deployed(sandbox, manifest, "server.js", "hello")


def test_static_files(sandbox: Sandbox) -> None:
    manifest = recipe(sandbox, "Static files")
    (sandbox.checkout / "public").mkdir()
    (sandbox.checkout / "public" / "index.html").write_text("hello\n")
    goes_live_and_is_deployed(sandbox, manifest, "public/index.html", "hello")


def recipe(sandbox: Sandbox, title: str) -> dict[str, Any]:
    """The manifest of the recipe; its files are in the checkout."""
    text = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for name, content in FILE.findall(text):
        (sandbox.checkout / name).write_text(content)
    (found,) = MANIFEST.findall(text)
    manifest: dict[str, Any] = yaml.safe_load(found)
    return manifest


def goes_live_and_is_deployed(sandbox: Sandbox, manifest: dict[str, Any], file: str, word: str) -> None:
    (service,) = manifest["services"].values()
    service |= {"replicas": 2, "drain": "5s", "steady": "300ms"}
    manifest["edge"]["http"] = "auto"
    (sandbox.checkout / "mainstay.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    sandbox.run("up", "--yes")
    instances = [one for each in sandbox.status()["services"] for one in each["instances"]]
    assert [one["state"] for one in instances] == ["ready", "ready"]
    assert len({one["address"] for one in instances}) == 2, "each instance has an address of its own"
    assert word in sandbox.get()[1]
    changed = sandbox.checkout / file
    changed.write_text(changed.read_text().replace(word, f"{word} again"))
    with Load(sandbox.url, rate=50) as load:
        sandbox.run("deploy", "--yes")
    assert load.stop().lost == [], load.tally
    assert f"{word} again" in sandbox.get()[1]
