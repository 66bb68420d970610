"""A journal in memory, with the same chain as the real one."""

import threading

from msgspec.structs import replace

from mainstay.history.journal import GENESIS, JournalEntry, Owner, Row, Verification, chained, run_after, verify_chain
from mainstay.system.clock import Clock
from tests.fakes.clock import TurnableClock


class MemoryJournal:
    """Implements `Journal`; its rows survive the death of the simulated process."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or TurnableClock()
        self._stored: list[tuple[Row, bytes]] = []
        self._owner: Owner | None = None
        self.signed: list[str] = []
        """The names of the rows that the head was signed for, in order."""
        self._guard = threading.Lock()

    def append(self, run: str, *entries: JournalEntry, sign: bool = False) -> list[Row]:
        with self._guard:
            before = len(self._stored)
            for name, body in entries:
                row = Row(len(self._stored) + 1, self._clock.now().isoformat(), run, name, body)
                previous = self._stored[-1][1] if self._stored else GENESIS
                self._stored.append((row, chained(previous, row)))
            self.signed += [entries[-1][0]] * sign
            return [row for row, _ in self._stored[before:]]

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        return [row for row, _ in self._stored[after:] if run in {None, row.run}]

    def sequence(self) -> int:
        return len(self._stored)

    def next_run(self) -> str:
        return run_after(row.run for row, _ in self._stored)

    def checkpoint(self) -> None:
        """Do nothing: there is no second file."""

    def set_owner(self, owner: Owner) -> None:
        self._owner = owner

    def clear_owner(self) -> None:
        self._owner = None

    def owner(self) -> Owner | None:
        return self._owner

    def request_abort(self, run: str, by: str) -> bool:
        if self._owner is None or self._owner.run != run:
            return False
        self._owner = replace(self._owner, abort_requested_for=f"{run} {by}")
        return True

    def abort_requested_by(self, run: str) -> str | None:
        return self._owner.abort_requested_by(run) if self._owner else None

    def verify(self) -> Verification:
        """Return whether the hashes of all rows are right."""
        return verify_chain(self._stored)
