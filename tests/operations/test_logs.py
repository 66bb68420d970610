"""What the message about a missing log states: it was deleted, or never written."""

from mainstay.operations.logs import was_deleted
from tests.operations.test_retention import past, record


def test_the_log_of_an_old_release_was_deleted_and_that_of_a_kept_or_unknown_one_was_never_written() -> None:
    failed = [past(number, outcome="undone") for number in range(1, 7)]
    found = record(*failed, *(past(number) for number in range(7, 13)))
    assert [number for number in range(1, 13) if was_deleted("web", number, found)] == [1, 7]
    assert not was_deleted("web", None, found)
