"""Releases that change routes, with smoke flows: the preview door has the new routes, and a wrong edge is undone."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.test_smoke_flows import SmokedApp
from tests.journeys.web_app import WebApp


def flow(*paths: str) -> dict[str, str]:
    steps = [{"get": path, "expect": {"status": 200}} for path in paths]
    return {"pages": json.dumps({"flow": "pages", "steps": steps})}


def version(number: str, routes: list[dict[str, object]], *paths: str, only: str = "") -> SmokedApp:
    """A version whose flow gets *paths*; *only*: the one path that its service has, besides its health check."""
    app = WebApp(number, behaviour={"paths": only} if only else {})
    return SmokedApp(app, flow(*paths), edge={"routes": [{"service": "web"} | route for route in routes]})


HOME: dict[str, object] = {"path": "/home"}
FAILED = "smoke flow 'pages' failed through the"


def test_the_preview_door_has_the_routes_that_the_release_adds_and_changes(sandbox: Sandbox) -> None:
    sandbox.ship(version("1", [HOME], "/home/a"))
    routes = [HOME | {"strip": True}, {"path": "/new", "strip": True}]
    found = sandbox.ship(version("2", routes, "/home/a", "/new/a", only="/a"), "deploy", "--yes")
    assert "Smoke-test web@2 through the preview door: 1 flow" in found.out, found
    assert sandbox.query("smoke")["result"] == "passed"


def test_routes_that_fail_their_test_through_the_preview_door_never_reach_users(sandbox: Sandbox) -> None:
    sandbox.ship(version("1", [HOME], "/home/a"))
    with Load(sandbox.url, rate=50, path="/home/a") as load:
        sandbox.write(version("2", [HOME | {"strip": True}], "/home/a", only="/home/a"))
        failed = sandbox.run("deploy", "--yes", code=1)
    assert f"{FAILED} preview door: GET /home/a: the status is 404" in failed.out + failed.err
    assert load.tally.not_ok == []
    assert set(load.tally.releases) == {"1"}


def test_a_deploy_that_changes_only_the_edge_is_tested_and_undone_when_the_test_fails(sandbox: Sandbox) -> None:
    sandbox.ship(version("1", [HOME], "/home/a"))
    sandbox.write(version("1", [{"path": "/other"}], "/home/a"))
    failed = sandbox.run("deploy", "--yes", code=1)
    assert "Smoke-test the new edge through the front door: 1 flow" in failed.out
    assert f"{FAILED} front door: GET /home/a: the status is 404" in failed.out + failed.err
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    with Load(sandbox.url, rate=50, path="/home/a") as load:
        wait_until(lambda: load.tally.total >= 10, within=10, what="10 requests")
    assert load.tally.not_ok == []
    sandbox.write(version("1", [{"path": "/other"}], "/other/a"))
    assert "1 flow, 1 request" in sandbox.run("deploy", "--yes").out


@dataclass(frozen=True)
class SplitApp:
    """Version 2 of the application, in which a service of its own has taken over a part of the paths."""

    def write(self, folder: Path) -> None:
        manifest = WebApp("2", edge={"routes": [{"path": "/", "service": "web"}, {"path": "/api", "service": "api"}]})
        manifest.write(folder)
        given = manifest.manifest()
        given["services"]["api"] = {**manifest.manifest()["services"]["web"], "volumes": []}
        (folder / "mainstay.yaml").write_text(yaml.safe_dump(given))


def test_a_new_service_takes_over_a_part_of_the_paths_without_a_failed_request(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    with Load(sandbox.url, rate=50, path="/api/a") as load:
        sandbox.ship(SplitApp(), "deploy", "--yes")
        wait_until(lambda: load.tally.releases["2"] >= 10, within=10, what="responses of release 2")
    assert load.tally.not_ok == []
    assert assert_consistent(sandbox)["release"]["version"] == "2"
