"""Sandboxes for the journeys, as root and as an ordinary user where that makes a difference."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.users import User, all_users, reason_unusable


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=all_users(), ids=lambda user: user.name)
def user(request: pytest.FixtureRequest) -> User:
    """Each user in turn."""
    found: User = request.param
    if reason := reason_unusable(found):
        pytest.skip(reason)
    return found


@pytest.fixture
def make_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Return a function that makes sandboxes; they are torn down after the test."""
    sandboxes: list[Sandbox] = []

    def make(user: User | None = None, *, explicit_state: bool = True) -> Sandbox:
        sandboxes.append(Sandbox.make(user or all_users()[0], explicit_state=explicit_state))
        return sandboxes[-1]

    yield make
    failures = []
    for sandbox in sandboxes:
        try:
            sandbox.tear_down()
        except AssertionError as failure:
            failures.append(failure)
    assert failures == []


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A sandbox of the user that runs the tests."""
    if reason := reason_unusable(all_users()[0]):
        pytest.skip(reason)
    return make_sandbox()


@pytest.fixture
def any_sandbox(make_sandbox: Callable[..., Sandbox], user: User) -> Sandbox:
    """A sandbox of each user in turn."""
    return make_sandbox(user)
