"""Blue-green releases and rollbacks under load: no request is lost and no POST is executed twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load, Tally
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import WebApp

RATE = 320.0


@pytest.mark.goal("G2")
def test_a_deploy_and_a_rollback_under_load_lose_nothing(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp("1", replicas=2))
    with Load(any_sandbox.url, rate=RATE, posts=True) as load:
        any_sandbox.ship(WebApp("2", replicas=2), "deploy", "--yes")
        any_sandbox.run("rollback", "--yes")
    tally = load.stop()
    assert tally.not_ok == [], tally
    assert set(tally.releases) == {"1", "2"}, tally
    assert assert_consistent(any_sandbox)["release"]["version"] == "1"
    assert_posted_once(any_sandbox, tally)


def test_retiring_an_instance_waits_for_its_slow_responses(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1", behaviour={"respond_after": 1.5}))
    with Load(sandbox.url, rate=20) as load:
        sandbox.ship(WebApp("2"), "deploy", "--yes")
    assert load.stop().not_ok == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}


@pytest.mark.parametrize(("requests", "described"), [(1, "1 request"), (2, "2 requests")])
def test_requests_that_outlast_the_drain_are_counted_and_cut_when_their_instance_ends(
    sandbox: Sandbox, requests: int, described: str
) -> None:
    sandbox.ship(WebApp("1", {"respond_after": 60}, drain="1s"))
    url = sandbox.url
    with ThreadPoolExecutor() as threads:
        responses = [threads.submit(sandbox.get, url=url) for _ in range(requests)]
        sandbox.write(WebApp("2", drain="1s"))
        deploy = sandbox.start_with_events("deploy", "--yes")
        result = deploy.wait()
        # HAProxy retries these requests, which are idempotent, and the new version answers them.
        assert [response.result() for response in responses] == [(200, "version 2")] * requests
    assert result.code == 0, result
    retired = [
        event["evidence"] for event in deploy.events if event["event"] == "done" and "stopped" in event["evidence"]
    ]
    # On SIGTERM the application waits for its requests, so only SIGKILL after the grace period cuts them.
    killed = "1 instance killed with SIGKILL because it ignored SIGTERM for 2 s"
    assert retired[0].endswith(f"s, {described} still in flight after the drain of 1 s, {killed}"), retired


def test_several_deploys_in_a_row_under_load_lose_nothing(sandbox: Sandbox) -> None:
    sandbox.ship(WebApp("1"))
    with Load(sandbox.url, rate=RATE, posts=True) as load:
        for version in ("2", "3", "4"):
            sandbox.ship(WebApp(version), "deploy", "--yes")
        sandbox.run("rollback", "--to", "2", "--yes")
    tally = load.stop()
    assert tally.not_ok == [], tally
    assert assert_consistent(sandbox)["release"]["version"] == "2"
    assert_posted_once(sandbox, tally)


def assert_posted_once(sandbox: Sandbox, tally: Tally) -> None:
    sent = sorted(each.path.removeprefix("POST ") for each in tally.responses if each.path.startswith("POST"))
    assert len(sent) > 20
    assert sorted(sandbox.posted_paths()) == sent
