"""Maintenance that is turned on twice keeps its time, and applies what was typed last."""

import pytest
from msgspec.structs import replace

from mainstay.errors import BadInput
from mainstay.model import ErrorPage
from mainstay.model.maintenance import Maintenance
from mainstay.operations.context import write_environment
from mainstay.operations.maintenance import TurnedOn, maintenance, maintenance_on
from mainstay.system.users import person
from tests.fakes.clock import TurnableClock
from tests.fakes.target import FakeTarget
from tests.operations.project import Project
from tests.shop import EDGE


@pytest.fixture
def deployed(project: Project) -> Project:
    """A project with a running environment and an open front door."""
    project.world.folders.state.mkdir(exist_ok=True)
    write_environment(project.world.environment, project.world.folders)
    assert isinstance(project.world.target, FakeTarget)
    project.world.target.start()
    project.world.target.set_edge(EDGE)
    return project


def turn_on(project: Project, clock: TurnableClock, message: str = "", *allow: str) -> TurnedOn:
    return maintenance_on(project.context, clock, message=message, allow=allow)


def test_turned_on_again_it_keeps_its_time_and_applies_the_new_options(deployed: Project) -> None:
    clock = TurnableClock()
    since = clock.now().isoformat(timespec="seconds")
    first = Maintenance("soon", (), person(), since)
    assert turn_on(deployed, clock, "soon") == (first, False, False)
    clock.pause(3600)
    changed = Maintenance("later", ("192.0.2.0/24",), person(), since)
    assert turn_on(deployed, clock, "later", "192.0.2.0/24") == (changed, True, False)
    assert maintenance(deployed.context) == changed


def test_without_a_front_door_nothing_can_be_taken_out_of_service(deployed: Project) -> None:
    assert isinstance(deployed.world.target, FakeTarget)
    deployed.world.target.set_edge(None)
    with pytest.raises(BadInput, match="no front door"):
        turn_on(deployed, TurnableClock())


@pytest.mark.parametrize(("message", "status", "hidden"), [("soon", 503, True), ("soon", 404, False), ("", 503, False)])
def test_a_message_that_a_page_of_the_manifest_replaces_is_reported(
    deployed: Project, message: str, status: int, hidden: bool
) -> None:
    assert isinstance(deployed.world.target, FakeTarget)
    deployed.world.target.set_edge(replace(EDGE, pages=(ErrorPage(status, "<h1>Away</h1>"),)))
    assert turn_on(deployed, TurnableClock(), message).message_hidden is hidden
