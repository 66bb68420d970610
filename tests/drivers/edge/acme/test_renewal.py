"""When a certificate is requested: at two thirds of its life, and after growing pauses when attempts fail."""

import pytest

from mainstay.drivers.edge.acme.renewal import Certificate, FailedAttempts, Failure, due_at, next_attempt_at

DAY = 86400.0
HERE, SHOP = "https://ca.example/dir", frozenset({"shop.example"})
CERTIFICATE = Certificate(HERE, SHOP | {"www.shop.example"}, 100 * DAY, 190 * DAY)


def failed(count: int, retry_after_s: float = 0.0, *, rate_limited: bool = False) -> FailedAttempts:
    return FailedAttempts("x", count, 1000.0, Failure("no", retry_after_s, rate_limited))


def test_it_is_renewed_after_two_thirds_of_its_life() -> None:
    assert due_at(CERTIFICATE, HERE, SHOP) == 160 * DAY
    assert due_at(CERTIFICATE._replace(ends=106 * DAY), HERE, SHOP) == 104 * DAY


@pytest.mark.parametrize(
    ("certificate", "directory", "names"),
    [
        (None, HERE, SHOP),
        (CERTIFICATE, "https://staging.example/dir", SHOP),
        (CERTIFICATE, HERE, SHOP | {"new.example"}),
    ],
    ids=["there is none", "it is from another authority", "it lacks a name"],
)
def test_one_that_does_not_do_is_replaced_at_once(
    certificate: Certificate | None, directory: str, names: frozenset[str]
) -> None:
    assert due_at(certificate, directory, names) == 0


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [
        (failed(1), 60),
        (failed(2), 120),
        (failed(9), 256 * 60),
        (failed(10), 6 * 3600),
        (failed(10_000), 6 * 3600),
        (failed(1, 30), 60),
        (failed(1, 7200), 7200),
        (failed(20, 30 * DAY), 7 * DAY),
        (failed(1, rate_limited=True), 6 * 3600),
        (failed(1, 600, rate_limited=True), 600),
    ],
    ids=[
        "the first pause is a minute",
        "it doubles",
        "and doubles",
        "up to 6 hours",
        "and no further",
        "a wish below our own pause changes nothing",
        "a longer one is granted",
        "up to a week",
        "a rate limit without a time counts as 6 hours",
        "one with a time as that",
    ],
)
def test_failures_make_the_pause_longer(attempts: FailedAttempts, pause: float) -> None:
    assert next_attempt_at(0, attempts, 1000.0) == 1000 + pause


def test_a_certificate_that_is_not_due_is_not_requested_sooner_because_of_failures() -> None:
    assert next_attempt_at(50 * DAY, failed(3), 1000.0) == 50 * DAY


def test_a_clock_that_was_set_back_does_not_delay_the_next_attempt() -> None:
    assert next_attempt_at(0, failed(10), 999.0) == 0
