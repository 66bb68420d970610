"""Rates of the last minute, from the counters at its two ends."""

import pytest

from mainstay.model.signals import PREVIEW, Counts, Latency, Signals, SignalSource, bucket_of
from mainstay.operations.request_rates import between, request_rates
from tests.fakes.target import FakeTarget

OLD, NEW = SignalSource("web", 41, "web-41-1", "/"), SignalSource("web", 42, "web-42-1", "/")


def took(**milliseconds: int) -> Latency:
    """Return latencies from the number of requests by time: `took(ms40=9)` is nine requests of 40 ms."""
    return Latency({bucket_of(float(name.removeprefix("ms"))): count for name, count in milliseconds.items()})


def signals(at_s: float, *counts: tuple[SignalSource, Counts], epoch: str = "1", lost: int = 0) -> Signals:
    return Signals(epoch, at_s, counts, lost)


def test_rates_count_only_requests_since_the_earlier_counters() -> None:
    before = signals(100, (OLD, Counts(1000, 900, latency=took(ms5000=1000))))
    after = signals(160, (OLD, Counts(1600, 903, latency=took(ms5000=1000) + took(ms40=594, ms900=6))))
    (rates,) = between(before, after)
    assert (rates.service, rates.release, rates.requests_per_s, rates.error_percent) == ("web", 41, 10.0, 0.5)
    assert [rates.p50_ms, rates.p99_ms] == pytest.approx([40, 40], rel=0.05)


def test_the_rates_of_a_release_sum_its_instances_and_routes() -> None:
    other = SignalSource("web", 41, "web-41-2", "/api")
    (rates,) = between(signals(0), signals(10, (OLD, Counts(30)), (other, Counts(70, 1))))
    assert (rates.requests_per_s, rates.error_percent) == (10.0, 1.0)


def test_client_errors_redirects_and_late_requests_have_shares_of_their_own() -> None:
    some = Counts(100, client_errors=33, redirects=10, latency=took(ms40=98, ms9000=2), late=2)
    (rates,) = between(signals(0), signals(10, (NEW, some)))
    assert (rates.error_percent, rates.client_error_percent, rates.redirect_percent, rates.late_percent) == (
        0.0, 33.0, 10.0, 2.0,
    )  # fmt: skip


def test_a_release_that_answers_no_request_is_listed_with_its_late_ones() -> None:
    (rates,) = between(signals(0), signals(10, (NEW, Counts(late=7))))
    assert (rates.requests_per_s, rates.error_percent, rates.late_percent) == (0.0, 0.0, 100.0)


def test_each_release_with_requests_has_its_own_rates() -> None:
    found = between(
        signals(0), signals(10, (OLD, Counts(10)), (NEW, Counts(5, 5)), (SignalSource("api", 41), Counts()))
    )
    assert [(each.release, each.error_percent) for each in found] == [(41, 0.0), (42, 100.0)]


def test_requests_that_no_release_answered_are_listed_by_the_reason() -> None:
    counts = ((SignalSource(service, number), Counts(10)) for service, number in (("-", 0), ("web", 0), ("web", 41)))
    found = between(signals(0), signals(10, *counts))
    assert {(each.service, each.release): each.answered_by for each in found} == {
        ("-", 0): "edge", ("web", 0): "unready", ("web", 41): "release",
    }  # fmt: skip


def test_requests_of_the_preview_are_left_out() -> None:
    assert between(signals(0), signals(10, (SignalSource("web", 42, route=PREVIEW), Counts(10)))) == ()


def test_after_a_restart_of_the_counters_all_they_counted_is_new() -> None:
    before = signals(50, (OLD, Counts(1000)), epoch="0", lost=9)
    (rates,) = between(before, signals(60, (OLD, Counts(20))))
    assert rates.requests_per_s == 2.0


def test_a_target_that_counts_nothing_has_no_rates() -> None:
    target = FakeTarget()
    target.answers = False
    assert request_rates(target) == ((), 0)
