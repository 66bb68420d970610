"""`resume`: finish an unfinished run, in the direction it was going; the manifest is not read."""

from typing import Literal

import msgspec

from mainstay.engine import engine
from mainstay.engine.runner import Carrier
from mainstay.errors import BadInput
from mainstay.history.journal import Journal
from mainstay.operations.context import Context
from mainstay.operations.history import recorded
from mainstay.operations.outcome import Outcome
from mainstay.operations.session import carry_on, holding


class Word(msgspec.Struct, frozen=True):
    """A person's word on a parked step."""

    step: str
    as_: Literal["done", "undone"]
    because: str


def resume(context: Context, word: Word | None = None, *, carrier: Carrier) -> Outcome:
    """Released, or all as before. Raises BadInput when nothing is unfinished, and what the engine raises."""
    context.kept()
    with holding(context) as journal:
        if word is not None:
            run = unfinished(context)
            engine.answer(run, journal, word.step, word.as_, because=word.because, by=carrier.by)
        return finish(context, journal, carrier)


def finish(context: Context, journal: Journal, carrier: Carrier) -> Outcome:
    """Carry the unfinished run on; the caller holds the lock."""
    return carry_on(unfinished(context), context.kept(), journal, context, carrier)


def unfinished(context: Context) -> str:
    """The run that waits. Raises BadInput, naming the last ones, when none does."""
    past = recorded(context)
    if past.unfinished is None:
        last = ", ".join(f"{run.run} ({run.outcome})" for run in past.history[:3]) or "none yet"
        raise BadInput(f"no run is unfinished; last runs: {last}", remedy="mainstay status", code="nothing-unfinished")
    return past.unfinished
