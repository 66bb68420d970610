"""GRANTER's smoke flows judge its releases: 2.1.0 passes all five, the faulty 2.1.1 gets no traffic."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
GRANTER = ROOT / "systems" / "granter"
LEFT_OUT = shutil.ignore_patterns(".venv", "__pycache__", "tests", "docs")


def write_granter(sandbox: Sandbox, version: str = "") -> Path:
    """Write GRANTER, at *version* if given, with the kit beside it, and return its folder."""
    folder = sandbox.checkout / "systems" / "granter"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(GRANTER, folder, ignore=LEFT_OUT)
    shutil.copytree(ROOT / "kit", sandbox.checkout / "kit", ignore=LEFT_OUT, dirs_exist_ok=True)
    if version:
        patch = ["git", "apply", str(GRANTER / "versions" / f"{version}.patch")]
        subprocess.run(patch, cwd=folder, check=True, env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": "/tmp"})
    manifest = folder / "mainstay.yaml"
    system = yaml.safe_load(manifest.read_text())
    system["edge"]["http"] = "auto"
    for service in system["services"].values():
        # The packages of this checkout replace those that a build would download.
        if service.pop("build", None):
            service["command"][0] = sys.executable
    manifest.write_text(yaml.safe_dump(system, sort_keys=False))
    return folder


@pytest.mark.requirement("C35", "C63", "Q14", "Q15", "Q16", "Q17", "Q18")
def test_the_faulty_version_gets_no_traffic(sandbox: Sandbox) -> None:
    folder = write_granter(sandbox)
    first = sandbox.run("up", "--yes", checkout=folder, within=180)
    assert "through the front door: 5 flows" in first.out
    write_granter(sandbox, "2.1.0")
    second = sandbox.run("deploy", "--yes", checkout=folder, within=120)
    assert "through the preview door: 2 flows" in second.out
    write_granter(sandbox, "2.1.1")
    with Load(sandbox.url, rate=50) as load:
        third = sandbox.run("deploy", "--yes", checkout=folder, code=1, within=120)
    assert load.stop().not_ok == []
    assert set(load.tally.releases) == {"2"}
    assert "smoke flow 'search' failed through the preview door: GET /api/search" in third.out + third.err
    assert "the status is 500, not 200" in third.out + third.err
    assert sandbox.status()["release"]["version"] == "2.1.0"
    assert sandbox.query("smoke", checkout=folder)["result"] == "passed"
