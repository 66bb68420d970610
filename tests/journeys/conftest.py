"""What every journey starts from: a place of its own, as root and as an ordinary user where that differs."""

from collections.abc import Callable, Iterator

import pytest

from tests.journeys.person import Person, persons, why_not
from tests.journeys.place import Place


@pytest.fixture(params=persons(), ids=lambda person: person.name)
def person(request: pytest.FixtureRequest) -> Person:
    """Everybody who may type commands."""
    found: Person = request.param
    if reason := why_not(found):
        pytest.skip(reason)
    return found


@pytest.fixture
def make_place() -> Iterator[Callable[..., Place]]:
    """Makes places that end with the test."""
    places: list[Place] = []

    def make(person: Person | None = None, *, given_state: bool = True) -> Place:
        places.append(Place.make(person or persons()[0], given_state=given_state))
        return places[-1]

    yield make
    troubles = []
    for place in places:
        try:
            place.end()
        except AssertionError as trouble:
            troubles.append(trouble)
    assert troubles == []


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """A place of whoever runs the tests."""
    if reason := why_not(persons()[0]):
        pytest.skip(reason)
    return make_place()


@pytest.fixture
def anyones(make_place: Callable[..., Place], person: Person) -> Place:
    """A place of each person in turn."""
    return make_place(person)
