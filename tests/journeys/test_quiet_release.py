"""At three requests a minute, Mainstay's own requests find the release that turns bad once it has traffic."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox
from tests.journeys.test_smoke_flows import SmokedApp
from tests.journeys.web_app import WebApp

THREE_A_MINUTE = 0.05
FLOW = """\
flow: shop
steps:
  - get: /
    expect: {status: 200}
  - get: /search
    expect: {status: 200, body: {contains: "version"}}
"""


def version(number: str, behaviour: dict[str, Any], **strategy: object) -> SmokedApp:
    usual = {"kind": "canary", "percent": [25], "hold": "30s", "settle": "10s"}
    app = WebApp(number, behaviour=behaviour, service={"strategy": usual | strategy})
    return SmokedApp(app, flows={"shop": FLOW})


@pytest.mark.slow
@pytest.mark.failure("F77")
@pytest.mark.parametrize(
    ("behaviour", "path"),
    [({"fails": 1}, r"requests|GET /(search)?"), ({"fails": 1, "fails_at": "/search"}, "GET /search|requests")],
    ids=["always 500", "wrong on one path"],
)
def test_a_quiet_release_that_turns_bad_is_rolled_back(sandbox: Sandbox, behaviour: dict[str, Any], path: str) -> None:
    sandbox.ship(version("1", {}))
    # Good while it is tested before its first traffic.
    bad = sandbox.folder / "bad"
    with Load(sandbox.url, rate=THREE_A_MINUTE):
        deploy = sandbox.start_deploy(version("2", behaviour | {"fails_file": bad}), "Observe web@")
        bad.touch()
        result = deploy.wait(within=90)
    assert result.code == 1, result
    assert re.search(rf"worse than the old one: synthetic ({path}): ", result.out + result.err), result
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    (last,) = (each for each in sandbox.query("history") if each["version"] == "2")
    assert last["outcome"] == "undone"
    assert last["why"].startswith("the new release is worse than the old one: synthetic ")
    assert f"{last['run']}: the new release is worse" in sandbox.run("history").out


@pytest.mark.slow
def test_a_quiet_good_release_is_kept_and_its_users_are_counted_apart(sandbox: Sandbox) -> None:
    sandbox.ship(version("1", {}))
    with Load(sandbox.url, rate=THREE_A_MINUTE):
        sandbox.write(version("2", {}, hold="12s"))
        result = sandbox.run("deploy", "--yes", within=120)
    found = re.search(r"synthetic requests: 0 % of (\d+) requests failed against 0 % of \1", result.out)
    assert found, result
    assert int(found[1]) >= 15
    assert re.search(r" … \d s left; .*synthetic requests: 0 % of ", result.out), result
    assert "; synthetic requests: 0 % of " in sandbox.query("history")[0]["evidence"]
    shown = sandbox.query("status").get("requests", [])
    assert sum(each["requests_per_s"] for each in shown) < 0.3, shown


class WithCart:
    """A version of two services, web and cart, of which the smoke flow requests only web."""

    def __init__(self, number: str, behaviour: dict[str, Any]) -> None:
        self._shop = version(number, {}, percent=[50], hold="12s")
        self._cart = behaviour

    def write(self, folder: Path) -> None:
        self._shop.write(folder)
        manifest = folder / "mainstay.yaml"
        given = yaml.safe_load(manifest.read_text())
        cart = deepcopy(given["services"]["web"]) | {"source": "cart", "volumes": []}
        cart["strategy"]["when_quiet"] = "fail"
        given["services"]["cart"] = cart
        given["edge"]["routes"].insert(0, {"path": "/cart", "service": "cart"})
        manifest.write_text(yaml.safe_dump(given))
        WebApp(self._shop.app.version, behaviour=self._cart).write_source(folder / "cart")


@pytest.mark.slow
@pytest.mark.failure("F77")
def test_synthetic_requests_to_one_service_do_not_pass_another(sandbox: Sandbox) -> None:
    sandbox.ship(WithCart("1", {}))
    sandbox.write(WithCart("2", {"fails": 1, "fails_at": "/cart"}))
    assert "no smoke flow requests cart with a GET that Mainstay can repeat" in sandbox.run("plan").out
    result = sandbox.run("deploy", "--yes", code=1, within=60)
    assert "too few requests to compare cart after 12" in result.out + result.err, result
    assert ", none reached cart@2" in result.out + result.err, result
    assert assert_consistent(sandbox)["release"]["version"] == "1"


@pytest.mark.slow
def test_without_anything_to_send_the_setting_decides(sandbox: Sandbox) -> None:
    def silent(number: str, when_quiet: str) -> WebApp:
        strategy = {"kind": "blue-green", "settle": "1s", "when_quiet": when_quiet}
        return WebApp(number, service={"strategy": strategy, "health": {"interval": "100ms"}})

    sandbox.ship(silent("1", "hold"))
    sandbox.write(silent("2", "fail"))
    result = sandbox.run("deploy", "--yes", code=1, within=60)
    assert "too few requests to compare after 1" in result.out + result.err, result
    sandbox.write(silent("3", "pass"))
    assert "too few requests to compare" in sandbox.run("deploy", "--yes", within=60).out
