"""Chain: the models in their order, and the rules, which always answer."""

from asyncio import to_thread
from collections.abc import Callable, Sequence
from typing import Protocol

from granter_data.extraction.budget import Budget
from granter_data.extraction.extracted import Attempt, Extracted
from granter_data.rules.notice import Notice, notice_of
from granter_data.rules.page import Page


class Model(Protocol):
    """Something that may know better than the rules."""

    @property
    def reader(self) -> str:
        """Its name, and its maker's, as the record of who was asked has it."""

    def ready(self, budget: Budget) -> bool:
        """Whether it would be asked now."""

    def dearest(self, page: Page) -> float:
        """Return the most cents that one question about *page* may cost; 0 when the model has no key."""

    async def improve(self, notice: Notice, page: Page, budget: Budget) -> tuple[Extracted | None, Attempt]:
        """*notice* with the fields that the model read; None, and why, when it read none."""


class Chain:
    """Asks one model after the other until one reads something; what none has read, the rules have."""

    def __init__(self, models: Sequence[Model], count: Callable[[Attempt], None] = lambda _: None) -> None:
        self._models = models
        self._count = count

    def may_improve(self, asked: Sequence[str], budget: Budget) -> bool:
        """Whether a better model than the last of *asked*, who read a notice, could be asked now for the first time."""
        for model in self._models:
            if model.reader in asked[-1:]:
                return False
            if model.reader not in asked and model.ready(budget):
                return True
        return False

    def dearest(self, page: Page) -> float:
        """Return the most cents that `extract` may cost, should every model be asked."""
        return sum(model.dearest(page) for model in self._models)

    async def extract(self, page: Page, url: str, budget: Budget) -> Extracted:
        """Read the notice on *page*. NoNotice when the rules see that there is none: models are not asked then."""
        notice = await to_thread(notice_of, page, url)  # a long text takes its time, and others are served meanwhile
        attempts: list[Attempt] = []
        for model in self._models:
            improved, attempt = await model.improve(notice, page, budget)
            attempts.append(attempt)
            self._count(attempt)
            if improved is not None:
                return Extracted(improved.notice, improved.by, tuple(attempts))
        rules = Attempt("rules", "ok")
        self._count(rules)
        return Extracted(notice, dict.fromkeys(notice.evidence, "rules"), (*attempts, rules))
