"""The contract of every journal."""

from abc import ABC, abstractmethod
from typing import Protocol

import pytest

from mainstay.history.journal import Journal, Owner

OWNER = Owner(run="r-0001", who="ada", host="here", pid=7, since="2026-01-05T12:00:00+00:00", fence=3)


class OtherProcess(Protocol):
    def owner(self) -> Owner | None: ...
    def request_abort(self, run: str, by: str) -> bool: ...


class JournalContract(ABC):
    @pytest.fixture
    @abstractmethod
    def journal(self) -> Journal:
        """An empty journal."""

    @pytest.fixture
    @abstractmethod
    def other(self) -> OtherProcess:
        """The same journal, as a process without the lock sees it."""

    def test_rows_are_read_as_they_were_written(self, journal: Journal) -> None:
        written = journal.append("r-0001", ("planned", b'{"a":"\xc3\xa9"}'), ("resumed", b"{}"))
        written += journal.append("r-0001", ("ended", b"{}"))
        assert journal.rows() == written
        assert [(row.sequence, row.name) for row in written] == [(1, "planned"), (2, "resumed"), (3, "ended")]
        assert journal.sequence() == 3

    def test_rows_can_be_selected_by_run(self, journal: Journal) -> None:
        journal.append("r-0001", ("planned", b"{}"))
        journal.append("r-0002", ("planned", b"{}"))
        assert [row.sequence for row in journal.rows("r-0002")] == [2]

    def test_rows_can_be_read_from_a_sequence_number(self, journal: Journal) -> None:
        for _ in range(4):
            journal.append("r-0001", ("progress", b"{}"))
        assert [row.sequence for row in journal.rows(after=2)] == [3, 4]
        assert [row.sequence for row in journal.rows("r-0001", after=3)] == [4]

    def test_an_empty_journal_starts_with_run_1(self, journal: Journal) -> None:
        assert journal.next_run() == "r-0001"
        assert journal.sequence() == 0

    def test_the_next_run_has_the_next_number(self, journal: Journal) -> None:
        journal.append("r-0009", ("planned", b"{}"))
        journal.append("r-0010", ("planned", b"{}"))
        assert journal.next_run() == "r-0011"

    def test_the_owner_is_kept_until_it_is_cleared(self, journal: Journal, other: OtherProcess) -> None:
        assert other.owner() is None
        journal.set_owner(OWNER)
        assert other.owner() == OWNER
        journal.clear_owner()
        assert (other.owner(), journal.rows()) == (None, [])

    def test_an_abort_request_reaches_the_run_that_it_names(self, journal: Journal, other: OtherProcess) -> None:
        journal.set_owner(OWNER)
        assert other.request_abort("r-0001", "ann lee")
        assert (journal.abort_requested_by("r-0001"), journal.abort_requested_by("r-0002")) == ("ann lee", None)

    def test_an_abort_of_a_run_without_a_runner_is_refused(self, journal: Journal, other: OtherProcess) -> None:
        journal.set_owner(OWNER)
        assert not other.request_abort("r-0002", "ann")
        assert journal.abort_requested_by("r-0001") is None

    def test_a_new_owner_does_not_inherit_an_abort_request(self, journal: Journal, other: OtherProcess) -> None:
        journal.set_owner(OWNER)
        other.request_abort("r-0001", "ann")
        journal.set_owner(OWNER)
        assert journal.abort_requested_by("r-0001") is None

    def test_a_checkpoint_changes_no_row(self, journal: Journal) -> None:
        journal.append("r-0001", ("planned", b"{}"))
        before = journal.rows()
        journal.checkpoint()
        assert journal.rows() == before
        assert journal.append("r-0001", ("ended", b"{}"))[0].sequence == 2
