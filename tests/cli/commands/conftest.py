"""The project of the tests of commands."""

from tests.operations.conftest import project

__all__ = ["project"]
