"""The kinds of runs: what each does to the live release, and how it is named in texts for users."""

from typing import Literal

import msgspec

Kind = Literal["deploy", "rollback", "down"]


class RunKind(msgspec.Struct, frozen=True):
    """A kind of run. A kind that is not known keeps the live release as it is."""

    name: str
    live: Literal["new", "earlier", "same"] = "same"
    """The release that is live after the run: one that the run makes, an earlier one, or the one from before."""
    needs_running: bool = True
    """Whether the environment runs during and after the run; False: the run stops it."""
    template: str = "{kind} {place}"
    """What the run does, for its plan and the question before it."""
    success: str = "completed"
    """The outcome that users see when the run has succeeded."""

    def title(self, place: str, version: str, number: int) -> str:
        """Return what a run of this kind does, in users' words."""
        return self.template.format(kind=self.name, place=place, version=version, number=number)


def run_kind(name: str) -> RunKind:
    """Return the kind of run with this name, as plans and the journal store it."""
    return _KINDS.get(name) or RunKind(name)


_KINDS = {
    kind.name: kind
    for kind in (
        RunKind("deploy", "new", template="deploy {version} to {place}", success="released"),
        RunKind("rollback", "earlier", template="roll {place} back to release {number} ({version})"),
        RunKind("down", needs_running=False, template="stop {place}"),
    )
}
