"""The documents of the contract's section 7, from a system that really runs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.sandbox import Sandbox, use_any_port
from tests.journeys.users import all_users, reason_unusable

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("up")]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    if reason := reason_unusable(all_users()[0]):
        pytest.skip(reason)
    here = Sandbox.make(all_users()[0])
    here.run("init")
    use_any_port(here.checkout / "mainstay.yaml")
    yield here
    here.tear_down()


@pytest.fixture(scope="module")
def up(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sandbox.run("--output", "json", "up").out.splitlines()]


def test_a_run_prints_one_event_per_line(up: list[dict[str, Any]]) -> None:
    assert (up[0]["event"], up[-1]["event"], up[-1]["outcome"]) == ("planned", "ended", "released")
    assert [each["sequence"] for each in up] == list(range(1, len(up) + 1))


def test_status(sandbox: Sandbox) -> None:
    now = sandbox.query("status")
    assert {"system", "environment", "target", "url", "state", "release", "run", "services", "datastores"} <= set(now)
    assert set(now["release"]) == {"number", "version", "since"}
    assert now["run"] is None
    (web,) = now["services"]
    assert (web["name"], web["desired"], web["ready"], web["traffic"]) == ("web", 1, 1, {"1": 100})
    assert {"id", "release", "state", "since", "restarts", "memory_bytes"} <= set(web["instances"][0])


def test_history(sandbox: Sandbox) -> None:
    (run,) = sandbox.query("history")
    assert {"run", "kind", "version", "release", "outcome", "began", "took_s", "by", "rollback"} <= set(run)


def test_a_plan_with_nothing_to_do_has_no_phases(sandbox: Sandbox) -> None:
    assert sandbox.query("plan")["phases"] == []


def test_a_dry_run_changes_nothing(sandbox: Sandbox) -> None:
    app = sandbox.checkout / "app.py"
    app.write_text(app.read_text().replace("It runs", "It runs better"))
    plan = sandbox.query("deploy", "--dry-run")
    assert [phase["name"] for phase in plan["phases"]] == ["fetch", "release", "retire"]
    assert len(sandbox.query("history")) == 1


def test_logs(sandbox: Sandbox) -> None:
    result = sandbox.run("--output", "json", "logs", "web")
    assert set(json.loads(result.out.splitlines()[0])) == {"at", "service", "release", "instance", "stream", "line"}


def test_the_journal_verifies_and_is_exported(sandbox: Sandbox) -> None:
    assert sandbox.query("journal", "verify")["bad"] is None
    rows = [json.loads(line) for line in sandbox.run("journal", "export").out.splitlines()]
    assert rows[0]["name"] == "planned"
