"""The current figures of a long step: a live view shows each of them, and the journal records a few."""

from mainstay.drivers.world import RunWorld

RECORDED_EACH_S = 10.0
"""Seconds between two records of figures whose result is the same."""
CHANGED_EACH_S = 2.0
"""Minimum seconds between two records when the result changes, so that no alternating result fills the journal."""


class StepFigures:
    """Shows figures in the live view, and records some of them as progress."""

    def __init__(self, world: RunWorld) -> None:
        self._world = world
        self._recorded_s = world.clock.monotonic()
        self._result = ""

    def update(self, figures: str, *, result: str) -> None:
        """Show *figures*, and record them if the last record is RECORDED_EACH_S seconds old.

        If *result* differs from that of the last record, CHANGED_EACH_S seconds are enough.
        """
        self._world.show(figures)
        since_s = self._world.clock.monotonic() - self._recorded_s
        changed = bool(self._result) and result != self._result
        self._result = self._result or result
        if since_s >= (CHANGED_EACH_S if changed else RECORDED_EACH_S):
            self._recorded_s, self._result = self._recorded_s + since_s, result
            self._world.progress(figures)
