"""The project of the tests of settings and secrets."""

from pathlib import Path

import pytest

from tests.operations.project import SHOP, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, SHOP)
