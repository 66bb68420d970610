"""Chain: the models in order of preference, and the rules, which always produce a result."""

from asyncio import to_thread
from collections.abc import Callable, Sequence
from typing import Protocol

from granter_data.extraction.budget import Budget
from granter_data.extraction.extracted import Attempt, Extracted
from granter_data.rules.notice import Notice, notice_of
from granter_data.rules.page import Page


class Model(Protocol):
    """A model that may read a notice better than the rules."""

    @property
    def reader(self) -> str:
        """Return the names of the model and its provider, as recorded in the attempts."""

    def ready(self, budget: Budget) -> bool:
        """Return whether the model can be called now."""

    def max_cost(self, page: Page) -> float:
        """Return the most cents that one call about *page* may cost; 0 when the model has no key."""

    async def improve(self, notice: Notice, page: Page, budget: Budget) -> tuple[Extracted | None, Attempt]:
        """Return *notice* with the fields the model read (None when it read none), and the attempt's outcome."""


class Chain:
    """Calls one model after the other until one reads something; otherwise the result of the rules is used."""

    def __init__(self, models: Sequence[Model], count: Callable[[Attempt], None] = lambda _: None) -> None:
        self._models = models
        self._count = count

    def may_improve(self, called: Sequence[str], budget: Budget) -> bool:
        """Return whether a model can be called now that comes before the notice's reader and is not in *called*.

        *called*: the readers that need no further call on this notice; the last of them is the reader of the notice.
        """
        for model in self._models:
            if model.reader in called[-1:]:
                return False
            if model.reader not in called and model.ready(budget):
                return True
        return False

    def max_cost(self, page: Page) -> float:
        """Return the most cents that `extract` may cost if every model is called."""
        return sum(model.max_cost(page) for model in self._models)

    async def extract(self, page: Page, url: str, budget: Budget) -> Extracted:
        """Read the notice on *page*. Raises NoNotice when the rules find none; models are not called then."""
        notice = await to_thread(notice_of, page, url)  # a long text would block other requests
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
