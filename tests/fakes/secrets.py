"""A source of secrets in memory."""

from collections.abc import Mapping

from mainstay.model import Secret
from mainstay.operations.context import ValueRule


class FakeSecrets:
    """Returns the given values."""

    def __init__(self, values: Mapping[str, Secret]) -> None:
        self._values = values

    def fetch(self, name: str, rule: ValueRule | None = None) -> Secret | None:
        return self._values.get(name)
