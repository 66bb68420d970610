"""Simulated power cuts: at a numbered point the process dies, and every later point fails too."""

from mainstay.history.journal import Journal, JournalEntry, Owner, Row


class PowerCut(BaseException):
    """The simulated process has died."""


class Power:
    """Fails at point `cut_at` and at every later one."""

    def __init__(self, cut_at: int | None = None) -> None:
        self.cut_at = cut_at
        self.count = 0
        self.gone_at = ""

    def point(self, where: str) -> None:
        if not self.gone_at:
            self.count += 1
            if self.count == self.cut_at:
                self.gone_at = where
        if self.gone_at:
            raise PowerCut(f"point {self.count}, {self.gone_at}")

    def alive(self) -> None:
        if self.gone_at:
            raise PowerCut(f"point {self.count}, {self.gone_at}")


class PoweredJournal:
    """A journal whose writer may die before or after it appends a row."""

    def __init__(self, kept: Journal, power: Power) -> None:
        self._kept = kept
        self._power = power

    def append(self, run: str, *entries: JournalEntry, sign: bool = False) -> list[Row]:
        what = ", ".join(f"{name} {body[:60]!r}" for name, body in entries)
        self._power.point(f"before {what}")
        rows = self._kept.append(run, *entries, sign=sign)
        self._power.point(f"after {what}")
        return rows

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        return self._kept.rows(run, after=after)

    def sequence(self) -> int:
        return self._kept.sequence()

    def next_run(self) -> str:
        return self._kept.next_run()

    def checkpoint(self) -> None:
        self._power.point("before checkpoint")
        self._kept.checkpoint()
        self._power.point("after checkpoint")

    def set_owner(self, owner: Owner) -> None:
        self._power.alive()
        self._kept.set_owner(owner)

    def clear_owner(self) -> None:
        self._power.alive()
        self._kept.clear_owner()

    def abort_requested_by(self, run: str) -> str | None:
        return self._kept.abort_requested_by(run)
