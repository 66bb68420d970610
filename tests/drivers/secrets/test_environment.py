"""The environment as a source of secrets, and a source in memory."""

import pytest

from mainstay.drivers.secrets.environment import EnvironmentSecrets
from mainstay.drivers.secrets.source import SecretSource
from mainstay.model import Secret
from tests.contracts.secrets import VALUE, SecretSourceContract
from tests.fakes.secrets import FakeSecrets


class TestEnvironmentSecrets(SecretSourceContract):
    @pytest.fixture
    def source(self, monkeypatch: pytest.MonkeyPatch) -> SecretSource:
        monkeypatch.setenv("TOKEN", VALUE)
        monkeypatch.setenv("EMPTY", "")
        return EnvironmentSecrets()


class TestFakeSecrets(SecretSourceContract):
    @pytest.fixture
    def source(self) -> SecretSource:
        return FakeSecrets({"TOKEN": Secret(VALUE)})
