"""Observations of simulated releases: bad ones are found, unchanged ones are not, and too little proves nothing."""

import random
from typing import Any

import pytest

from mainstay.judging.comparisons import Compared, summary
from mainstay.judging.observation import LOST, Observation
from mainstay.judging.verdict import FEWEST, Verdict
from mainstay.model.signals import PREVIEW, Counts, Latency, Signals, SignalSource, bucket_of
from tests.judging.stream import NEW, OLD, Behaviour, Stream, usual_ms

WEB = Compared("web", OLD, NEW)
FINE = Behaviour(0.001)
RELEASES = 1000


def observe(stream: Stream, seconds: int, *, minute_before: bool = False) -> tuple[Verdict, int]:
    """Return the verdict, the first `worse` or the last one, and the requests of the new release until then.

    *minute_before*: the old release gets all requests for a minute, and then the new one.
    """
    signals = stream.signals(seconds + 60 * minute_before)
    before = start = next(signals)
    if minute_before:
        stream.share = 0.0
        start = [next(signals) for _ in range(60)][-1]
        stream.share = 1.0
    compared = WEB._replace(instances=stream.instances, side_by_side=not minute_before)
    observation = Observation([compared], before, start)
    for now in signals:
        verdict = observation.verdict(now)
        requests = sum(counts.requests for source, counts in now.counts if source.release == NEW)
        if verdict.result == "worse":
            break
    return verdict, requests


def stream(seed: int, **values: Any) -> Stream:
    usual: dict[str, Any] = {"rate": 100, "share": 0.5, "old": FINE, "new": FINE}
    return Stream(random.Random(seed), **usual | values)


SLOW = {
    "three times as slow": lambda normal, uniform: 3 * usual_ms(normal, uniform),
    "slow only at p99": lambda normal, uniform: (10 if uniform < 0.03 else 1) * usual_ms(normal, uniform),
}


@pytest.mark.requirement("C44")
@pytest.mark.parametrize(
    ("values", "most"),
    [
        pytest.param({"new": Behaviour(1.0)}, 100, id="every request fails"),
        pytest.param({"new": Behaviour(1.0), "share": 0.05, "rate": 20}, 30, id="every request fails, 1 a second"),
        pytest.param({"new": Behaviour(0.02)}, 5000, id="2 % instead of 0.1 %"),
        pytest.param({"new": Behaviour(0.001, SLOW["three times as slow"])}, 700, id="three times as slow"),
        pytest.param({"new": Behaviour(0.001, SLOW["slow only at p99"])}, 13000, id="slow only at p99"),
        pytest.param({"new": Behaviour(0.001, client_errors=1.0)}, 100, id="404 to everything"),
        pytest.param(
            {"old": Behaviour(client_errors=0.02), "new": Behaviour(client_errors=0.3)}, 500, id="401 to many"
        ),
        pytest.param({"new": Behaviour(redirects=1.0)}, 100, id="a redirect for everything"),
        pytest.param({"new": Behaviour(0.001, hangs=0.2)}, 400, id="one request of five hangs"),
        pytest.param({"new": Behaviour(hangs=1.0)}, 0, id="every request hangs"),
        pytest.param({"instances": 5, "sick": Behaviour(0.3)}, 400, id="one bad replica of five"),
    ],
)
def test_a_worse_release_is_found(values: dict[str, Any], most: int) -> None:
    for seed in range(5):
        verdict, requests = observe(stream(seed, **values), 300)
        assert verdict.result == "worse", verdict
        assert requests <= most


def test_the_evidence_names_the_bad_replica() -> None:
    verdict, _ = observe(stream(1, instances=5, sick=Behaviour(1.0)), 60)
    assert verdict.evidence.startswith("web-42-0: 100 % of ")


def test_the_evidence_names_the_time() -> None:
    verdict, _ = observe(stream(1, new=Behaviour(0.001, SLOW["three times as slow"])), 60)
    assert " took longer than " in verdict.evidence


def test_a_release_that_refuses_a_few_more_requests_is_not_found_worse() -> None:
    stricter = Behaviour(0.001, client_errors=0.06)
    for seed in range(5):
        verdict, _ = observe(stream(seed, old=Behaviour(0.001, client_errors=0.03), new=stricter), 60)
        assert verdict.result == "not worse", verdict


def test_a_release_that_redirects_every_visitor_once_is_not_found_worse() -> None:
    for seed in range(5):
        verdict, _ = observe(stream(seed, new=Behaviour(0.001, redirects=0.5)), 60)
        assert verdict.result == "not worse", verdict


def outage(second: int, begins: int) -> float:
    """Return the share of requests that fail because a dependency is down for 10 s."""
    return 0.8 if begins <= second < begins + 10 else 0.0


@pytest.mark.slow
def test_at_most_one_of_a_thousand_unchanged_releases_is_found_worse() -> None:
    chance, alarms = random.Random(10), []
    for seed in range(RELEASES):
        same = Behaviour(
            chance.choice([0.0, 0.001, 0.02, 0.1]),
            client_errors=chance.choice([0.0, 0.05, 0.5]),
            hangs=chance.choice([0.0, 0.0, 0.1]),
        )
        rate = chance.choice([0.05, 3, 30, 200])
        down = chance.randrange(20)
        values: dict[str, Any] = {
            "rate": rate,
            "share": chance.choice([0.05, 0.25, 0.5]),
            "instances": chance.choice([1, 3]),
            "outage": (lambda second, at=down: 0.8 if at <= second < at + 10 else 0.0)
            if seed % 3 == 0
            else lambda s: 0,
        }
        verdict, _ = observe(stream(seed, old=same, new=same, **values), 20 if rate == 200 else 90)
        if verdict.result == "worse":
            alarms.append((seed, values, verdict))
    assert len(alarms) <= RELEASES / 1000, alarms


@pytest.mark.slow
def test_an_unchanged_release_that_got_all_requests_is_not_found_worse() -> None:
    chance, alarms = random.Random(11), []
    for seed in range(300):
        same = Behaviour(chance.choice([0.0, 0.001, 0.02, 0.1]))
        values = {"rate": chance.choice([3, 10, 50]), "instances": chance.choice([1, 3])}
        verdict, _ = observe(stream(seed, old=same, new=same, **values), 60, minute_before=True)
        if verdict.result == "worse":
            alarms.append((seed, values, verdict))
    assert alarms == []


def test_a_busy_moment_of_the_machine_is_not_the_fault_of_a_release_that_got_all_requests() -> None:
    for seed in range(10):
        busy = stream(seed, slowdown=lambda second: 10.0 if 64 <= second < 67 else 1.0)
        verdict, _ = observe(busy, 60, minute_before=True)
        assert verdict.result == "not worse", verdict


def test_a_release_whose_process_paused_once_is_not_worse() -> None:
    for seed in range(10):
        once = stream(seed, share=0.25, pauses=range(10, 12))
        verdict, _ = observe(once, 60)
        assert verdict.result == "not worse", verdict


@pytest.mark.parametrize("rate", [20, 100])
def test_a_slow_release_that_got_all_requests_is_found(rate: int) -> None:
    for seed in range(5):
        slower = stream(seed, rate=rate, new=Behaviour(0.001, SLOW["three times as slow"]))
        verdict, requests = observe(slower, 60, minute_before=True)
        assert verdict.result == "worse", verdict
        assert requests <= 15 * rate


def test_a_release_that_looks_slow_stays_undecided_until_it_was_compared_again() -> None:
    before, start = signals(0), signals(60, old=counts(5000))
    observation = Observation([WEB._replace(side_by_side=False)], before, start)
    results = [
        observation.verdict(signals(60 + second, old=counts(5000), new=counts(40 * second, ms=200))).result
        for second in range(1, 15)
    ]
    assert set(results[4:]) == {"undecided", "worse"}
    assert results.index("worse") >= 6


def test_a_release_that_fails_always_is_found_within_a_few_requests() -> None:
    for seed in range(5):
        verdict, requests = observe(stream(seed, rate=3, new=Behaviour(1.0)), 60)
        assert (verdict.result, requests <= 20) == ("worse", True)


@pytest.mark.failure("F76")
def test_an_outage_of_a_dependency_is_not_the_fault_of_the_new_release() -> None:
    for seed in range(10):
        verdict, _ = observe(stream(seed, share=0.05, outage=lambda second: float(10 <= second < 20)), 60)
        assert verdict.result != "worse", verdict


def counts(requests: int, errors: int = 0, ms: float = 40, **more: int) -> Counts:
    return Counts(requests, errors, latency=Latency({bucket_of(ms): requests}), **more)


def signals(at_s: float, *, epoch: str = "1", lost: int = 0, **named: Counts) -> Signals:
    """Counters at a moment: `old` and `new` are the releases of web."""
    releases = {"old": OLD, "new": NEW}
    found = tuple(
        (SignalSource("web", releases[name], f"web-{releases[name]}-1"), each) for name, each in named.items()
    )
    return Signals(epoch, at_s, found, lost)


def verdict_of(now: Signals, *, before: Signals | None = None, compared: Compared = WEB) -> Verdict:
    start = before or signals(0)
    return Observation([compared], start, start).verdict(now)


def test_a_release_like_the_old_one_is_not_worse() -> None:
    found = verdict_of(signals(9, old=counts(79_800, 231), new=counts(4_210, 13, ms=41)))
    assert found.result == "not worse"
    assert found.evidence == (
        "web@42: 0.309 % of 4,210 requests failed against 0.289 % of 79,800, p95 43 ms against 41 ms"
    )


@pytest.mark.parametrize(
    ("new", "shown"),
    [
        ({"client_errors": 6}, "35.3 % of 17 requests got a status from 400 to 499 against 0 % of 17"),
        ({"redirects": 17}, "100 % of 17 requests were redirected against 0 % of 17"),
        ({"errors": 3, "client_errors": 14}, "82.4 % of 17 requests got a status from 400 to 499 against 0 % of 17"),
        ({"errors": 3, "client_errors": 1}, "17.6 % of 17 requests failed against 0 % of 17"),
        ({"late": 9}, "34.6 % of 26 requests had no response after 5 s or until the client left against 0 % of 17"),
        ({"redirects": 8}, "0 % of 17 requests failed against 0 % of 17"),
    ],
    ids=["client errors", "redirects", "more client errors", "more errors", "late", "as many redirects as may be"],
)
def test_the_figures_show_the_share_that_is_nearest_to_a_verdict(new: dict[str, int], shown: str) -> None:
    assert summary(WEB, counts(17), counts(17, **new)) == f"web@42: {shown}, p95 41 ms against 41 ms"


def test_a_time_of_seconds_is_shown_in_seconds() -> None:
    found = verdict_of(signals(2, old=counts(200), new=counts(200, ms=4000)))
    assert found.evidence.endswith(", p95 4 s against 41 ms")


@pytest.mark.failure("F77")
def test_few_requests_prove_nothing() -> None:
    found = verdict_of(signals(9, old=counts(1000), new=counts(FEWEST - 1)))
    assert (found.result, found.quiet) == ("undecided", {"web": FEWEST - 1})
    assert not verdict_of(signals(9, old=counts(1000), new=counts(5, 1))).quiet


def test_a_few_refused_requests_of_a_quiet_service_do_not_speak_against_its_release() -> None:
    found = verdict_of(signals(9, old=counts(20), new=counts(20, client_errors=3)))
    assert (found.result, found.quiet) == ("undecided", {"web": 20})


def test_redirects_of_a_quiet_service_do_not_speak_against_its_release() -> None:
    found = verdict_of(signals(9, old=counts(20), new=counts(3, redirects=3)))
    assert (found.result, found.quiet) == ("undecided", {"web": 3})


def test_no_requests_prove_nothing() -> None:
    found = verdict_of(signals(9))
    assert found == Verdict("undecided", "web@42: no requests", quiet={"web": 0}, few=True, synthetic={"web": 0})


def test_strong_but_not_conclusive_evidence_is_no_verdict() -> None:
    found = verdict_of(signals(9, old=counts(2000, 2), new=counts(400, 9)))
    assert (found.result, found.quiet) == ("undecided", {})


def test_a_refused_connection_counts_as_an_error() -> None:
    assert verdict_of(signals(9, old=counts(100), new=counts(0, refused=30))).result == "worse"


def given_up(requests: int, abandoned: int, ms: float) -> Counts:
    """Counts of *requests* with a response, and of *abandoned* ones whose clients left after *ms* milliseconds."""
    return counts(requests) + Counts(aborted=abandoned, latency=Latency({bucket_of(ms): abandoned}))


def test_a_release_whose_clients_leave_before_it_responds_is_worse() -> None:
    found = verdict_of(signals(9, old=given_up(300, 3, 1000), new=given_up(0, 40, 1000)))
    assert found.result == "worse"
    assert "100 % of 40 requests had no response after 5 s or until the client left against 0.99 % of" in found.evidence


def test_clients_that_leave_both_releases_alike_do_not_speak_against_the_new_one() -> None:
    assert verdict_of(signals(9, old=given_up(4000, 400, 50), new=given_up(4000, 410, 50))).result == "not worse"


def test_requests_that_clients_aborted_are_no_errors() -> None:
    assert verdict_of(signals(9, old=counts(1000), new=counts(1000, aborted=300))).result == "not worse"


def test_requests_of_the_preview_are_not_compared() -> None:
    now = signals(9, old=counts(1000), new=counts(1000))
    preview = (SignalSource("web", NEW, "web-42-1", PREVIEW), counts(100, 100))
    assert verdict_of(Signals("1", 9, (*now.counts, preview))).result == "not worse"


def test_a_tiny_difference_is_not_worse_however_certain() -> None:
    million = 10**6
    assert verdict_of(signals(9, old=counts(million, 100), new=counts(million, 130))).result == "not worse"


@pytest.mark.requirement("C72")
def test_a_thousand_requests_with_few_errors_are_never_worse() -> None:
    assert verdict_of(signals(9, old=counts(10**7), new=counts(10**6, 900))).result == "not worse"


@pytest.mark.failure("F78")
def test_lost_requests_leave_the_verdict_open() -> None:
    now = signals(9, lost=LOST + 100, old=counts(1000), new=counts(1000, 500))
    assert verdict_of(now) == Verdict("undecided", "120 of 2,120 requests were not counted")


@pytest.mark.failure("F78")
def test_the_comparison_begins_again_when_requests_are_counted_again() -> None:
    observation = Observation([WEB], signals(0), signals(0))
    for at_s, lost in ((1, 500), (2, 900)):
        assert observation.verdict(signals(at_s, lost=lost, new=counts(100, 90))).result == "undecided"
    few = observation.verdict(signals(3, lost=905, old=counts(300), new=counts(150, 90)))
    assert few.evidence.startswith("web@42: 0 % of 50 requests failed")
    after = signals(9, lost=905, old=counts(9000), new=counts(9100, 90))
    assert observation.verdict(after).result == "not worse"


@pytest.mark.failure("F78")
def test_a_loss_that_goes_on_leaves_the_verdict_open() -> None:
    observation = Observation([WEB], signals(0), signals(0))
    for second in range(1, 60):
        now = signals(second, lost=100 * second, old=counts(3000 * second), new=counts(1000 * second, 900 * second))
        assert observation.verdict(now).result == "undecided"


def test_a_restart_of_the_counting_begins_the_observation_again() -> None:
    observation = Observation([WEB], signals(0), signals(0))
    assert observation.verdict(signals(5, epoch="2", new=counts(50, 50))).result == "undecided"
    after = signals(9, epoch="2", old=counts(500), new=counts(550, 50))
    assert observation.verdict(after).evidence.startswith("web@42: 0 % of 500 requests failed")


def test_a_release_that_got_all_requests_is_compared_with_the_minute_before() -> None:
    before, start = signals(0), signals(60, old=counts(5000, 5))
    observation = Observation([WEB._replace(side_by_side=False)], before, start)
    assert observation.verdict(signals(70, old=counts(5000, 5), new=counts(2000, 2))).result == "not worse"
    assert observation.verdict(signals(80, old=counts(5000, 5), new=counts(3000, 102))).result == "worse"


def test_slow_requests_of_the_warm_up_are_not_compared() -> None:
    start = signals(0)
    observation = Observation([WEB], start, start)
    observation.verdict(signals(2, old=counts(300), new=counts(300, ms=4000)))
    observation.verdict(signals(4, old=counts(600), new=counts(300, ms=4000)))
    now = signals(9, old=counts(2000), new=counts(300, ms=4000) + counts(1700))
    assert observation.verdict(now).result == "not worse"


def test_a_first_release_may_fail_a_hundredth_of_its_requests() -> None:
    first = Compared("web", None, NEW)
    assert verdict_of(signals(9, new=counts(1000, 8)), compared=first).result == "not worse"
    assert verdict_of(signals(9, new=counts(1000, 50)), compared=first).result == "worse"


def test_each_of_several_services_must_be_compared() -> None:
    start = signals(0)
    two = Observation([WEB, Compared("api", OLD, NEW)], start, start)
    now = signals(9, old=counts(1000), new=counts(1000))
    assert two.verdict(now).result == "undecided"
    api = ((SignalSource("api", OLD), counts(1000)), (SignalSource("api", NEW), counts(1000, 900)))
    found = two.verdict(Signals("1", 10, (*now.counts, *api)))
    assert (found.result, found.evidence[:7]) == ("worse", "api@42:")


def test_times_are_compared_only_from_some_milliseconds_on() -> None:
    start = signals(0)
    observation = Observation([WEB], start, start)
    for at_s, many in ((4, 1000), (9, 5000)):
        found = observation.verdict(signals(at_s, old=counts(many, ms=2), new=counts(many, ms=6)))
    assert found.result == "not worse"
