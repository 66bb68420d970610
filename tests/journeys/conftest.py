"""What every journey starts from: a place of its own, as root and as an ordinary user where that differs."""

from collections.abc import Callable, Iterator

import pytest

from tests.journeys.sandbox import Sandbox
from tests.journeys.users import User, all_users, why_unusable


@pytest.fixture(params=all_users(), ids=lambda user: user.name)
def user(request: pytest.FixtureRequest) -> User:
    """Everybody who may type commands."""
    found: User = request.param
    if reason := why_unusable(found):
        pytest.skip(reason)
    return found


@pytest.fixture
def make_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Makes places that end with the test."""
    sandboxes: list[Sandbox] = []

    def make(user: User | None = None, *, given_state: bool = True) -> Sandbox:
        sandboxes.append(Sandbox.make(user or all_users()[0], given_state=given_state))
        return sandboxes[-1]

    yield make
    troubles = []
    for sandbox in sandboxes:
        try:
            sandbox.end()
        except AssertionError as trouble:
            troubles.append(trouble)
    assert troubles == []


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A place of whoever runs the tests."""
    if reason := why_unusable(all_users()[0]):
        pytest.skip(reason)
    return make_sandbox()


@pytest.fixture
def any_sandbox(make_sandbox: Callable[..., Sandbox], user: User) -> Sandbox:
    """A place of each person in turn."""
    return make_sandbox(user)
