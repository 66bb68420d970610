"""Smoke flows with real releases: a release whose responses are wrong gets no traffic, and secrets are not shown."""

from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL

import pytest
import yaml

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

HOME = """\
flow: home
steps:
  - get: /
    expect: {status: 200, body: {matches: "^version [0-9]"}}
"""
POSTS = """\
flow: posts
writes: true
steps:
  - post: /orders/{unique}
    headers: {Authorization: "Bearer {password}"}
    json: {password: "{password}"}
    expect: {status: 200, body: {contains: "version {version}"}}
finally:
  - delete: /orders/{unique}
    expect: {status: 200}
"""


@dataclass(frozen=True)
class SmokedApp:
    """A version of the application with smoke flows."""

    app: WebApp
    flows: dict[str, str] = field(default_factory=lambda: {"home": HOME, "posts": POSTS})
    smoke: object = "smoke/"
    edge: dict[str, object] = field(default_factory=dict)
    """Further keys of the edge."""

    def write(self, folder: Path) -> None:
        self.app.write(folder)
        manifest = folder / "mainstay.yaml"
        given = yaml.safe_load(manifest.read_text()) | {"smoke": self.smoke}
        given["edge"] |= self.edge
        manifest.write_text(yaml.safe_dump(given))
        (folder / "smoke").mkdir(exist_ok=True)
        for name, text in self.flows.items():
            (folder / "smoke" / f"{name}.yaml").write_text(text)


def wrong(version: str = "2") -> SmokedApp:
    """A version that is ready, and answers every other path with 404."""
    return SmokedApp(WebApp(version, behaviour={"paths": "/none"}))


def steps(sandbox: Sandbox, *words: str) -> list[str]:
    plan = sandbox.query("plan", *words)
    return [step["title"] for phase in plan["phases"] for rank in phase["ranks"] for step in rank]


@pytest.mark.failure("F67")
@pytest.mark.requirement("C35")
def test_a_release_with_wrong_responses_gets_no_traffic(sandbox: Sandbox) -> None:
    first = sandbox.ship(SmokedApp(WebApp("1")))
    assert "Smoke-test web@1 through the front door: 2 flows" in first.out
    sandbox.write(wrong())
    titles = steps(sandbox)
    preview = titles.index("Smoke-test web@2 through the preview door: 1 flow")
    traffic = next(number for number, title in enumerate(titles) if title.startswith("Traffic"))
    front = titles.index("Smoke-test web@2 through the front door: 2 flows")
    assert preview < traffic < front
    with Load(sandbox.url, rate=100) as load:
        failed = sandbox.run("deploy", "--yes", code=1)
    assert load.stop().not_ok == []
    assert set(load.tally.releases) == {"1"}
    for word in ("smoke flow 'home' failed through the preview door", "GET /: the status is 404, not 200"):
        assert word in failed.out + failed.err
    assert "version 2 has no /" in failed.out + failed.err
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_good_release_passes_both_tests_and_the_command_repeats_them(sandbox: Sandbox) -> None:
    sandbox.ship(SmokedApp(WebApp("1")))
    second = sandbox.ship(SmokedApp(WebApp("2")))
    assert "1 flow, 1 request" in second.out
    assert "2 flows, 3 requests" in second.out
    found = sandbox.query("smoke")
    assert [(flow["flow"], flow["result"], len(flow["steps"])) for flow in found["flows"]] == [
        ("home", "passed", 1),
        ("posts", "passed", 2),
    ]
    assert (found["result"], found["door"], found["release"]) == ("passed", "front", 2)
    assert "passed  1 flow of 1" in sandbox.run("smoke", "home").out
    previewed = sandbox.query("smoke", "--preview")
    assert [flow["result"] for flow in previewed["flows"]] == ["passed", "left out"]
    assert (
        "this environment does not allow through the preview door"
        in sandbox.run("smoke", "posts", "--preview", code=2).err
    )


@pytest.mark.slow
def test_flows_run_over_https_in_spite_of_rate_limits_and_maintenance(sandbox: Sandbox) -> None:
    closed: dict[str, object] = {
        "https": "auto",
        "tls": {"mode": "internal"},
        "limits": {"requests": {"per_client": "1/10m"}},
    }
    sandbox.ship(SmokedApp(WebApp("1"), edge=closed))
    sandbox.run("maintenance", "on")
    second = sandbox.ship(SmokedApp(WebApp("2"), edge=closed), "deploy", "--yes")
    assert "2 flows, 3 requests" in second.out
    assert sandbox.query("smoke")["result"] == "passed"
    (sandbox.state / "edge" / "preview.key").unlink()
    assert "the status is 503" in sandbox.run("smoke", code=1).err


def test_no_output_shows_a_generated_password(sandbox: Sandbox) -> None:
    sandbox.ship(SmokedApp(WebApp("1")))
    failing = POSTS.replace("version {version}", "another text")
    sandbox.write(SmokedApp(WebApp("1"), {"home": HOME, "posts": failing}))
    shown = sandbox.run("smoke", code=1)
    assert "the body does not contain" in shown.err
    assert '"password": "••••"' in shown.err
    assert "Authorization: ••••" in shown.err
    sandbox.write(SmokedApp(WebApp("2"), {"home": HOME, "posts": failing}))
    sandbox.run("deploy", "--yes", code=1)
    everything = shown.out + shown.err + sandbox.run("journal", "export").out + sandbox.results[-2].out
    assert "Aa1-" not in everything
    assert sandbox.status()["release"]["version"] == "1"


def test_a_flow_with_writes_runs_before_the_traffic_where_the_environment_allows_it(sandbox: Sandbox) -> None:
    sandbox.ship(SmokedApp(WebApp("1"), smoke={"path": "smoke/", "writes": "preview"}))
    sandbox.write(SmokedApp(WebApp("2"), smoke={"path": "smoke/", "writes": "preview"}))
    assert "Smoke-test web@2 through the preview door: 2 flows" in steps(sandbox)


def test_a_killed_smoke_test_runs_again_after_a_resume_that_needs_no_file(sandbox: Sandbox) -> None:
    slow = HOME + "  - get: /slow\n    expect: {body: {contains: never}, within: 6s}\n"
    sandbox.ship(SmokedApp(WebApp("1")))
    deploy = sandbox.start_deploy(SmokedApp(WebApp("2"), {"home": slow, "posts": POSTS}), "preview door")
    deploy.send(SIGKILL)
    deploy.wait()
    for file in (sandbox.checkout / "smoke").iterdir():
        file.unlink()
    resumed = sandbox.run("resume", code=1)
    assert "the body does not contain" in resumed.out + resumed.err
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_an_interrupted_command_cleans_up(sandbox: Sandbox) -> None:
    waits = """\
flow: waits
steps:
  - get: /
    expect: {status: 200}
  - get: /waits
    expect: {body: {contains: never}, within: 30s}
finally:
  - delete: /clean-up
    expect: {status: 200}
"""
    sandbox.ship(SmokedApp(WebApp("1"), {"home": HOME}))
    (sandbox.checkout / "smoke" / "waits.yaml").write_text(waits)
    command = sandbox.start("smoke", "waits")
    wait_until(lambda: "/waits" in sandbox.run("logs", "edge").out, within=15, what="the flow's request")
    command.send(SIGINT)
    interrupted = command.wait()
    assert interrupted.code == 130
    assert "the smoke test was interrupted" in interrupted.err
    assert "DELETE /clean-up  200" in interrupted.out
