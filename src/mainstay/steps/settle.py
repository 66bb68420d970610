"""The step that watches the new revisions with all traffic while the old fleet is still running."""

from mainstay.steps.observe import Observe, revisions


class Settle(Observe, frozen=True, kw_only=True, tag="settle"):
    """Watch the whole new release for `for_s` seconds. Until the step ends, an undo only has to move traffic back."""

    @property
    def title(self) -> str:
        return f"Let {revisions(self.watched)} settle for {self.for_s:g} s{self._quiet}"
