"""The contract of every source of secrets."""

from abc import ABC, abstractmethod

import pytest

from mainstay.drivers.secrets.source import SecretSource

VALUE = " hunter2 "


class SecretSourceContract(ABC):
    """Inherited by the tests of each source; `source` has TOKEN with the value VALUE, and EMPTY with none."""

    @pytest.fixture
    @abstractmethod
    def source(self) -> SecretSource: ...

    def test_a_secret_is_returned_unchanged(self, source: SecretSource) -> None:
        found = source.fetch("TOKEN")
        assert found is not None
        assert found.reveal() == VALUE

    def test_the_representation_of_a_secret_does_not_contain_its_value(self, source: SecretSource) -> None:
        assert "hunter2" not in repr(source.fetch("TOKEN"))

    @pytest.mark.parametrize("name", ["NOTHING", "EMPTY"])
    def test_a_missing_or_empty_secret_is_none(self, source: SecretSource, name: str) -> None:
        assert source.fetch(name) is None
