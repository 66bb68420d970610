"""Synthetic requests decide where users send too few: bad releases are found, unchanged ones are kept."""

import pytest

from mainstay.judging.comparisons import Compared
from mainstay.judging.observation import Observation
from mainstay.judging.sequential_test import Share
from mainstay.judging.synthetic import Sampled, comparisons, summary
from mainstay.judging.verdict import FEWEST, FEWEST_SYNTHETIC, Verdict
from mainstay.model.signals import PREVIEW, Counts, Signals, SignalSource
from tests.judging.quiet_release import WEB, Errors, observe, unchanged
from tests.judging.stream import NEW, OLD


@pytest.mark.parametrize(
    ("errors", "within_s"),
    [
        pytest.param(Errors(new=1.0), 10, id="every request fails"),
        pytest.param(Errors(new=0.3), 60, id="30 % fail"),
        pytest.param(Errors(first_path=1.0), 20, id="one path of three"),
    ],
)
def test_a_bad_release_with_three_requests_a_minute_is_found_within_a_minute(errors: Errors, within_s: float) -> None:
    for seed in range(5):
        found = observe(seed, errors, hold_s=60)
        assert (found.verdict.result, found.at_s <= within_s) == ("worse", True), found


def test_the_evidence_names_the_path() -> None:
    found = observe(1, Errors(first_path=1.0), hold_s=60).verdict.evidence
    assert found.startswith("synthetic GET /0: 100 % of ")
    assert " failed against 0 % of " in found


@pytest.mark.failure("F77")
@pytest.mark.slow
def test_at_most_one_of_a_thousand_unchanged_quiet_releases_is_not_kept() -> None:
    not_kept = [found for found in unchanged() if not found.kept]
    assert len(not_kept) <= 1, not_kept


def test_an_unchanged_quiet_release_is_kept_as_soon_as_its_time_is_over() -> None:
    found = observe(1, Errors(), hold_s=20)
    assert (found.kept, found.at_s) == (True, 20)
    assert found.verdict.evidence.endswith("; synthetic requests: 0 % of 40 requests failed against 0 % of 40")


def verdict_of(sampled: list[Sampled], users: int = 0, errors: int = 0) -> Verdict:
    """Return the verdict on web, which all *sampled* requests reached, and 3 requests of users to the old release."""
    start = Signals("1", 0.0)
    by_users = ((SignalSource("web", NEW), Counts(users, errors)), (SignalSource("web", OLD), Counts(3)))
    now = Signals("1", 9.0, (*by_users, *previewed("web", sampled)))
    return Observation([WEB], start, start, len(sampled)).verdict(now, sampled)


def previewed(service: str, sampled: list[Sampled]) -> list[tuple[SignalSource, Counts]]:
    """Return the counts of a service that all *sampled* requests reached."""
    new, old = Counts(), Counts()
    for each in sampled:
        new += Counts(each.new.total, each.new.hits)
        old += Counts(each.old.total, each.old.hits) if each.old else Counts()
    return [(SignalSource(service, release, route=PREVIEW), each) for release, each in ((NEW, new), (OLD, old))]


def sampled(new: Share, old: Share | None) -> list[Sampled]:
    return [Sampled("GET /", new, old)]


@pytest.mark.failure("F77")
@pytest.mark.parametrize(
    ("users", "errors", "result"),
    [(3, 3, "undecided"), (2, 2, "undecided"), (3, 2, "undecided"), (1, 1, "not worse"), (3, 1, "not worse")],
)
def test_good_synthetic_responses_do_not_outweigh_users_whose_requests_mostly_fail(
    users: int, errors: int, result: str
) -> None:
    many = Share(0, 2 * FEWEST)
    assert verdict_of(sampled(many, many), users, errors).result == result


def test_a_few_good_responses_are_enough_and_fewer_are_not() -> None:
    enough, fewer = Share(0, FEWEST_SYNTHETIC), Share(0, FEWEST_SYNTHETIC - 1)
    assert verdict_of(sampled(enough, enough)).result == "not worse"
    assert verdict_of(sampled(fewer, enough)).quiet == {"web": 0}
    assert verdict_of(sampled(enough, fewer)).quiet == {"web": 0}


def test_the_more_different_requests_there_are_the_more_evidence_is_needed() -> None:
    start = Signals("1", 0.0)
    bad = sampled(Share(12, 12), Share(0, 12))
    results = [Observation([WEB], start, start, kinds).verdict(start, bad).result for kinds in (1, 1000)]
    assert results == ["worse", "undecided"]


def test_one_unexpected_response_of_few_leaves_the_verdict_open() -> None:
    few, many = 2 * FEWEST_SYNTHETIC, FEWEST
    assert verdict_of(sampled(Share(1, few), Share(0, few))).result == "undecided"
    assert verdict_of(sampled(Share(1, many), Share(0, many))).result == "not worse"


def test_three_users_whose_requests_all_fail_leave_the_verdict_open() -> None:
    good = sampled(Share(0, 500), Share(0, 500))
    found = verdict_of(good, users=3, errors=3)
    assert (found.result, found.evidence[:13]) == ("undecided", "web@42: 100 %")
    assert verdict_of(good, users=3, errors=1).result == "not worse"


def test_a_path_that_fails_in_both_releases_hides_no_other() -> None:
    both = [Sampled("GET /a", Share(50, 50), Share(50, 50)), Sampled("GET /b", Share(0, 50), Share(0, 50))]
    assert verdict_of(both).result == "not worse"
    both[1] = both[1]._replace(new=Share(50, 50))
    assert verdict_of(both).result == "worse"


def test_a_release_that_replaces_nothing_may_fail_a_hundredth() -> None:
    start = Signals("1", 0.0)
    observation = Observation([WEB._replace(old=None)], start, start, 1)
    good = sampled(Share(1, 200), None)
    assert observation.verdict(Signals("1", 9.0, tuple(previewed("web", good))), good).result == "not worse"
    assert observation.verdict(start, sampled(Share(40, 200), None)).result == "worse"


def test_several_requests_are_compared_together_and_each_alone() -> None:
    two = [Sampled("GET /a", Share(1, 10), Share(0, 9)), Sampled("GET /b", Share(0, 10), Share(0, 10))]
    assert [each.evidence for each in comparisons(two)] == [
        "synthetic requests: 5 % of 20 requests failed against 0 % of 19",
        "synthetic GET /a: 10 % of 10 requests failed against 0 % of 9",
        "synthetic GET /b: 0 % of 10 requests failed against 0 % of 10",
    ]
    assert len(comparisons(two[:1])) == 1


def test_without_requests_there_are_no_figures() -> None:
    assert (comparisons([]), summary([])) == ([], "")
    assert (comparisons([Sampled("GET /")]), summary([Sampled("GET /")])) == ([], "")


CART = Compared("cart", OLD, NEW)


def verdict_of_both(sampled: list[Sampled], cart: list[tuple[SignalSource, Counts]]) -> Verdict:
    """Return the verdict on web, which all *sampled* requests reached, and on cart, which has the counts *cart*."""
    start, now = Signals("1", 0.0), Signals("1", 9.0, (*previewed("web", sampled), *cart))
    return Observation([WEB, CART], start, start, len(sampled)).verdict(now, sampled)


@pytest.mark.failure("F77")
def test_synthetic_requests_count_only_for_the_services_that_they_reach() -> None:
    good = sampled(Share(0, FEWEST), Share(0, FEWEST))
    found = verdict_of_both(good, [])
    assert (found.result, found.quiet) == ("undecided", {"cart": 0})
    assert found.evidence.endswith("% of 100 requests failed against 0 % of 100, none reached cart@42")
    assert found.synthetic == {"web": FEWEST, "cart": 0}
    new_only = previewed("cart", sampled(Share(0, FEWEST), None))
    assert verdict_of_both(good, new_only).quiet == {"cart": 0}
    assert verdict_of_both(good, previewed("cart", good)).result == "not worse"


def test_a_called_service_whose_errors_its_caller_hides_is_found() -> None:
    good, bad = sampled(Share(0, 40), Share(0, 40)), sampled(Share(40, 40), Share(0, 40))
    found = verdict_of_both(good, previewed("cart", bad))
    assert (found.result, found.service) == ("worse", "cart")
    assert found.evidence == "synthetic requests to cart@42: 100 % of 40 requests failed against 0 % of 40"


def test_a_new_service_without_requests_does_not_outweigh_users_whose_requests_mostly_fail() -> None:
    start, many = Signals("1", 0.0), sampled(Share(0, 2 * FEWEST), Share(0, 2 * FEWEST))
    users = (SignalSource("web", NEW), Counts(3, 3)), (SignalSource("web", OLD), Counts(3))
    now = Signals("1", 9.0, (*users, *previewed("web", many)))
    observation = Observation([WEB, CART._replace(old=None)], start, start, 1)
    assert not observation.verdict(now, many).quiet


def test_a_single_failure_of_a_busy_service_does_not_hold_a_release_because_another_service_is_quiet() -> None:
    start, good = Signals("1", 0.0), sampled(Share(0, FEWEST_SYNTHETIC), Share(0, FEWEST_SYNTHETIC))
    users = (SignalSource("web", NEW), Counts(5 * FEWEST, 1)), (SignalSource("web", OLD), Counts(5 * FEWEST))
    now = Signals("1", 9.0, (*users, *previewed("web", good), *previewed("cart", good)))
    assert Observation([WEB, CART], start, start, 1).verdict(now, good).result == "not worse"
