"""System users: their names, and adding them while others add theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from mainstay.errors import BadInput
from mainstay.shell import Said
from mainstay.users import LONGEST_NAME, TRIES, ensure, name_for


@dataclass
class Machine:
    """Refuses to add a user until it was asked often enough."""

    refusals: int
    asked: list[Sequence[str]] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    def __call__(self, command: Sequence[str]) -> Said:
        self.asked.append(command)
        return Said(1, "", "cannot lock /etc/passwd") if len(self.asked) <= self.refusals else Said(0, "", "")


def test_a_user_that_is_known_is_not_added() -> None:
    machine = Machine(0)
    ensure("root", machine, machine.paused.append)
    assert machine.asked == []


def test_while_others_add_theirs_it_is_tried_again() -> None:
    machine = Machine(2)
    ensure("ms-nobody-knows", machine, machine.paused.append)
    assert len(machine.asked) == 3
    assert len(machine.paused) == 2


def test_what_cannot_be_added_is_said_with_its_reason() -> None:
    machine = Machine(TRIES)
    with pytest.raises(BadInput, match="cannot lock /etc/passwd"):
        ensure("ms-nobody-knows", machine, machine.paused.append)


def test_names_are_short_enough_and_tell_places_apart() -> None:
    names = {name_for("a-system-with-a-long-name", place) for place in ("/one", "/two")}
    assert len(names) == 2
    assert all(len(name) <= LONGEST_NAME and name.startswith("ms-a-system") for name in names)
