"""The kinds of runs: what each does to the live release, and how it is named in texts for users."""

from typing import Literal

import msgspec

Kind = Literal["deploy", "rollback", "down"]


class RunKind(msgspec.Struct, frozen=True):
    """A kind of run. The defaults apply to a kind that this version does not know: the live release stays the same."""

    name: str
    live: Literal["new", "earlier", "same"] = "same"
    """The release that is live after the run. new: the run makes it · earlier: an earlier one · same: as before."""
    needs_running: bool = True
    """Whether the environment runs during and after the run; False: the run stops it."""
    template: str = "{kind} {place}"
    """The title of a run, shown with its plan; has the placeholders {kind}, {place}, {version} and {number}."""
    success: str = "completed"
    """The outcome that users see when the run has succeeded."""

    def title(self, place: str, version: str, number: int) -> str:
        """Return the title of a run: *place* is its environment, *version* and *number* are those of its release."""
        return self.template.format(kind=self.name, place=place, version=version, number=number)


def run_kind(name: str) -> RunKind:
    """Return the kind of run that plans and the journal store as *name*; one with the defaults if *name* is unknown."""
    return _KINDS.get(name) or RunKind(name)


_KINDS = {
    kind.name: kind
    for kind in (
        RunKind("deploy", "new", template="deploy {version} to {place}", success="released"),
        RunKind("rollback", "earlier", template="roll {place} back to release {number} ({version})"),
        RunKind("down", needs_running=False, template="stop {place}"),
    )
}
