"""The power that a process runs on: it can be cut at any numbered point, and then nothing moves any more."""

from mainstay.history.journal import Journal, Owner, Row


class PowerCut(BaseException):
    """The process is gone."""


class Power:
    """Fails at the `cut_at`-th point and for ever after; `cut` says how the process dies."""

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
    """A journal whose writer dies before or after the row is kept."""

    def __init__(self, kept: Journal, power: Power) -> None:
        self._kept = kept
        self._power = power

    def append(self, run: str, name: str, body: bytes, *, sign: bool = False) -> Row:
        self._power.point(f"before {name} {body[:60]!r}")
        row = self._kept.append(run, name, body, sign=sign)
        self._power.point(f"after {name} {body[:60]!r}")
        return row

    def rows(self, run: str | None = None, *, after: int = 0) -> list[Row]:
        return self._kept.rows(run, after=after)

    def sequence(self) -> int:
        return self._kept.sequence()

    def next_run(self) -> str:
        return self._kept.next_run()

    def settle(self) -> None:
        self._power.point("before settle")
        self._kept.settle()
        self._power.point("after settle")

    def own(self, owner: Owner) -> None:
        self._power.alive()
        self._kept.own(owner)

    def disown(self) -> None:
        self._power.alive()
        self._kept.disown()

    def owner(self) -> Owner | None:
        return self._kept.owner()

    def ask_abort(self, run: str) -> bool:
        return self._kept.ask_abort(run)

    def abort_asked(self, run: str) -> bool:
        return self._kept.abort_asked(run)
