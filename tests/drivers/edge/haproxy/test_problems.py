"""The problems of the edge, as `status` reports them."""

from datetime import UTC, datetime, timedelta

import pytest

from mainstay.drivers.edge.haproxy.problems import expiring
from mainstay.model.tls import ServedCertificate

ENDS = datetime(2027, 2, 25, 12, tzinfo=UTC)
CERTIFICATE = ServedCertificate("An authority", ("shop.example",), "2027-02-25T12:00:00Z")


@pytest.mark.requirement("M15")
@pytest.mark.parametrize(
    ("days_left", "found"),
    [
        (14.1, []),
        (13.9, [("note", "the certificate for shop.example expires on 2027-02-25")]),
        (7.1, [("note", "the certificate for shop.example expires on 2027-02-25")]),
        (6.9, [("problem", "the certificate for shop.example expires on 2027-02-25")]),
        (-0.1, [("problem", "the certificate for shop.example expired on 2027-02-25")]),
    ],
)
def test_a_certificate_of_the_operator_is_reported_before_it_expires(
    days_left: float, found: list[tuple[str, str]]
) -> None:
    notes = expiring(CERTIFICATE, ENDS - timedelta(days=days_left))
    assert [(note.level, note.what) for note in notes] == found
