"""Settle: all traffic is on the new revisions while the old fleet is still warm; the last point of instant rollback."""

from mainstay.steps.observe import Observe, revisions


class Settle(Observe, frozen=True, kw_only=True, tag="settle"):
    """Watch the whole new release for `for_s` seconds before anything old is let go."""

    @property
    def title(self) -> str:
        return f"Let {revisions(self.watched)} settle for {self.for_s:g} s"
