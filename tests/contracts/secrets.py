"""What every source of secrets must do."""

from abc import ABC, abstractmethod

import pytest

from mainstay.drivers.secrets.source import SecretSource

VALUE = " hunter2 "


class SecretSourceContract(ABC):
    """Inherited by the tests of each source; `source` has TOKEN with the value VALUE, and EMPTY with none."""

    @pytest.fixture
    @abstractmethod
    def source(self) -> SecretSource: ...

    def test_what_it_has_is_brought_to_the_letter(self, source: SecretSource) -> None:
        found = source.fetch("TOKEN")
        assert found is not None
        assert found.reveal() == VALUE

    def test_what_it_brings_shows_nothing(self, source: SecretSource) -> None:
        assert "hunter2" not in repr(source.fetch("TOKEN"))

    @pytest.mark.parametrize("name", ["NOTHING", "EMPTY"])
    def test_what_it_has_not_is_none(self, source: SecretSource, name: str) -> None:
        assert source.fetch(name) is None
