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
from tests.journeys.place import Place

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "put-your-app-in.md"
FILE = re.compile(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
MANIFEST = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOCK: dict[str, Any] = {"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "app"}}}


def test_fastapi_with_uvicorn(place: Place) -> None:
    manifest = recipe(place, "FastAPI with uvicorn")
    # The packages of the tests stand in for those that a build takes from the index.
    ours = f"import site; open(site.getsitepackages()[0] + '/ours.pth', 'w').write({site.getsitepackages()[0]!r})"
    service = manifest["services"]["api"]
    assert service["build"][1] == ["{uv}", "pip", "install", "--quiet", "-r", "requirements.txt"]
    service["build"][1] = [".venv/bin/python", "-c", ours]
    service["command"][:1] = [".venv/bin/python", "-m", "uvicorn"]
    goes_live_and_is_deployed(place, manifest, "main.py", "hello")


@pytest.mark.skipif(shutil.which("npm", path="/usr/local/bin:/usr/bin") is None, reason="needs Node.js in /usr")
def test_nodejs(place: Place) -> None:
    manifest = recipe(place, "Node.js")
    (place.checkout / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0"}))
    (place.checkout / "package-lock.json").write_text(json.dumps(LOCK))
    goes_live_and_is_deployed(place, manifest, "server.js", "hello")


def test_static_files(place: Place) -> None:
    manifest = recipe(place, "Static files")
    (place.checkout / "public").mkdir()
    (place.checkout / "public" / "index.html").write_text("hello\n")
    goes_live_and_is_deployed(place, manifest, "public/index.html", "hello")


def recipe(place: Place, title: str) -> dict[str, Any]:
    """The manifest of the recipe; its files are in the checkout."""
    text = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for name, content in FILE.findall(text):
        (place.checkout / name).write_text(content)
    (found,) = MANIFEST.findall(text)
    manifest: dict[str, Any] = yaml.safe_load(found)
    return manifest


def goes_live_and_is_deployed(place: Place, manifest: dict[str, Any], file: str, word: str) -> None:
    (service,) = manifest["services"].values()
    service |= {"replicas": 2, "drain": "5s", "steady": "300ms"}
    manifest["edge"]["http"] = "auto"
    (place.checkout / "mainstay.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    place.run("up", "--yes")
    instances = [one for each in place.status()["services"] for one in each["instances"]]
    assert [one["state"] for one in instances] == ["ready", "ready"]
    assert len({one["address"] for one in instances}) == 2, "each instance has an address of its own"
    assert word in place.get()[1]
    changed = place.checkout / file
    changed.write_text(changed.read_text().replace(word, f"{word} again"))
    with Load(place.url, rate=50) as load:
        place.run("deploy", "--yes")
    assert load.stop().lost == [], load.tally
    assert f"{word} again" in place.get()[1]
