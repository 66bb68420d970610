"""A release that is ready but serves users worse than the old one is rolled back automatically, under load."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.journeys import load
from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load, Tally
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

USUAL = {"respond_after": 0.01}
CANARY = {"strategy": {"kind": "canary", "percent": [25], "hold": "20s", "settle": "20s"}}
AT_ONCE = {"strategy": {"kind": "blue-green", "settle": "20s"}}
WORSE: dict[str, tuple[dict[str, Any], str]] = {
    "always 500": ({"fails": 1}, "failed"),
    "503 to everything": ({"fails": 1, "fails_with": 503}, "failed"),
    "2 % errors": ({"fails": 0.02}, "failed"),
    "errors only on POST": ({"fails": 1, "fails_on": "POST"}, "failed"),
    "404 to everything": ({"fails": 1, "fails_with": 404}, "got a status from 400 to 499"),
    "302 to everything": ({"fails": 1, "fails_with": 302}, "were redirected"),
    "slow": ({"respond_after": 0.06}, "took longer than"),
    "slow only at p99": ({"slow": 0.04, "slow_after": 0.2}, "took longer than"),
}


def version(number: str, behaviour: dict[str, Any], service: dict[str, Any]) -> WebApp:
    return WebApp(number, behaviour=USUAL | behaviour, service=service)


def shipped(sandbox: Sandbox, service: dict[str, Any], **load: Any) -> Load:
    """Ship a good version, and return a load that has already given it requests to be compared with."""
    sandbox.ship(version("1", {}, service))
    return Load(sandbox.url, posts=True, **load)


def wait_for_requests(load: Load, count: int) -> None:
    wait_until(lambda: load.tally.total >= count, within=30, what=f"{count} requests")


def harmed(tally: Tally) -> Counter[str]:
    """The requests that failed, by the release that failed them."""
    return Counter(response.release for response in tally.not_ok)


@pytest.mark.requirement("C43")
@pytest.mark.requirement("C44")
@pytest.mark.parametrize(("behaviour", "words"), WORSE.values(), ids=WORSE)
def test_a_worse_canary_is_rolled_back(sandbox: Sandbox, behaviour: dict[str, Any], words: str) -> None:
    with shipped(sandbox, CANARY, rate=300) as load:
        wait_for_requests(load, 600)
        sandbox.write(version("2", behaviour, CANARY))
        result = sandbox.run("deploy", "--yes", code=1, within=90)
    assert "worse than the old one" in result.out + result.err, result
    assert words in result.out + result.err
    assert set(harmed(load.tally)) <= {"2"}
    assert assert_consistent(sandbox)["release"]["version"] == "1"
    assert sandbox.query("history")[0]["outcome"] == "undone"


def test_a_release_that_leaves_requests_without_a_response_is_rolled_back(sandbox: Sandbox) -> None:
    with shipped(sandbox, CANARY, rate=300) as load:
        wait_for_requests(load, 600)
        sandbox.write(version("2", {"slow": 0.3, "slow_after": 300}, CANARY))
        result = sandbox.run("deploy", "--yes", code=1, within=90)
    assert "had no response after 5 s or until the client left against 0 % of " in result.out + result.err, result
    # The edge repeats a GET on the old release when the new instance is ended, but no POST: it may have been executed.
    assert "POST" in {response.path.split()[0] for response in load.tally.not_ok}
    assert set(harmed(load.tally)) == {""}  # Only a response names its release.
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_worse_release_that_got_all_requests_is_rolled_back_within_seconds(sandbox: Sandbox) -> None:
    with shipped(sandbox, AT_ONCE, rate=20) as load:
        wait_for_requests(load, 100)
        sandbox.write(version("2", {"fails": 1}, AT_ONCE))
        sandbox.run("deploy", "--yes", code=1, within=90)
    failed = [response.due for response in load.tally.not_ok]
    assert set(harmed(load.tally)) == {"2"}
    assert max(failed) - min(failed) < 10


def test_a_slow_release_that_got_all_requests_is_rolled_back(sandbox: Sandbox) -> None:
    with shipped(sandbox, AT_ONCE, rate=100) as load:
        wait_for_requests(load, 300)
        sandbox.write(version("2", {"respond_after": 0.06}, AT_ONCE))
        result = sandbox.run("deploy", "--yes", code=1, within=90)
    assert "took longer than" in result.out + result.err, result
    assert load.tally.not_ok == []
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_no_post_is_executed_twice(sandbox: Sandbox) -> None:
    with shipped(sandbox, CANARY, rate=200) as load:
        wait_for_requests(load, 400)
        sandbox.write(version("2", {"fails": 1, "fails_with": 503}, CANARY))
        sandbox.run("deploy", "--yes", code=1, within=90)
    written = Counter(sandbox.posted_paths())
    ended = [each.path.split() for each in load.tally.responses if each.status == 200]
    assert {path for method, path in ended if method == "POST"} <= written.keys()
    assert max(written.values()) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param({"crash_after": 4}, id="dies after a while"),
        pytest.param({"refuses_after": 3}, id="refuses connections after a while"),
    ],
)
def test_a_release_that_breaks_while_it_is_observed_is_rolled_back(sandbox: Sandbox, behaviour: dict[str, Any]) -> None:
    with shipped(sandbox, CANARY, rate=100) as load:
        wait_for_requests(load, 200)
        sandbox.write(version("2", behaviour, CANARY))
        sandbox.run("deploy", "--yes", code=1, within=90)
    assert set(harmed(load.tally)) <= {"2", ""}
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_a_release_that_leaks_descriptors_is_rolled_back(sandbox: Sandbox) -> None:
    service = CANARY | {"ulimits": {"nofile": 256}}
    with shipped(sandbox, service, rate=300) as load:
        wait_for_requests(load, 600)
        sandbox.write(version("2", {"leaks": "yes"}, service))
        sandbox.run("deploy", "--yes", code=1, within=90)
    assert assert_consistent(sandbox)["release"]["version"] == "1"


def test_an_equally_good_release_is_kept_and_the_figures_are_evidence(sandbox: Sandbox) -> None:
    service = {"strategy": {"kind": "canary", "percent": [25], "hold": "3s", "settle": "2s"}}
    with shipped(sandbox, service, rate=300) as load:
        wait_for_requests(load, 600)
        sandbox.write(version("2", {}, service))
        result = sandbox.run("deploy", "--yes", within=90)
    assert load.tally.not_ok == []
    assert " requests failed against 0 % of " in result.out, result
    assert " requests failed against 0 % of " in sandbox.run("journal", "show").out


def test_an_undo_does_not_wait_for_requests_whose_clients_have_gone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "RESPONSE_TIMEOUT_S", 1.0)
    service = AT_ONCE | {"drain": "60s"}
    with shipped(sandbox, service, rate=20) as users:
        wait_for_requests(users, 100)
        sandbox.write(version("2", {"slow": 1, "slow_after": 300}, service))
        result = sandbox.run("deploy", "--yes", code=1, within=120)
    stopped = re.search(r"new instances stopped in ([0-9.]+) s", result.out)
    assert stopped, result
    assert float(stopped[1]) < 10
