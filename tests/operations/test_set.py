"""`set`: what it stores and refuses."""

import pytest

from mainstay.errors import Mistakes
from mainstay.model import Secret
from mainstay.operations.assignments import Assignments, from_arguments
from mainstay.operations.secrets import set_secrets, settable
from mainstay.operations.settings import SettingChange, set_values, unset
from tests.operations.project import SHOP, Project


def test_set_stores_values_and_returns_the_changes(project: Project) -> None:
    changes = set_values(project.context, from_arguments(["MODE=live", "REGION=a=b $HOME"]))
    assert changes == (SettingChange("MODE", None, "live"), SettingChange("REGION", None, "a=b $HOME"))
    assert set_values(project.context, from_arguments(["MODE=test", "REGION=a=b $HOME"])) == (
        SettingChange("MODE", "live", "test"),
    )
    assert project.stored() == {"MODE": "test", "REGION": "a=b $HOME"}


def test_a_required_variable_cannot_be_set_to_an_empty_value(project: Project) -> None:
    set_values(project.context, from_arguments(["REGION="]))
    project.file.write_text(SHOP.replace("MODE: {one_of: [live, test]}", "MODE: {}"))
    with pytest.raises(Mistakes, match="the value of MODE is empty, and a value is required"):
        set_values(project.context, from_arguments(["MODE="]))
    assert project.stored() == {"REGION": ""}


def test_a_dry_run_stores_nothing(project: Project) -> None:
    assert set_values(project.context, from_arguments(["MODE=live"]), dry_run=True) != ()
    assert not project.world.folders.state.exists()
    set_values(project.context, from_arguments(["REGION=north"]))
    assert unset(project.context, ["REGION"], dry_run=True) == (SettingChange("REGION", "north", None),)
    found = settable(project.context)
    assert set_secrets(found, {"TOKEN": Secret("first")}, project.context, dry_run=True)[0].version == 1
    assert (project.stored(), project.world.sealed.entries()) == ({"REGION": "north"}, ())


def test_all_mistakes_are_reported_together_and_nothing_is_stored(project: Project) -> None:
    words = ["MOD=x", "TOKEN=x", "EVERY=5", "DATABASE_URL=x", "MODE=x", "REGION", "REGION=1", "REGION=2"]
    words += ["OPTIONAL=https://me:hidden@north.example"]
    with pytest.raises(Mistakes) as refused:
        set_values(project.context, from_arguments(words))
    found = [(str(each.place), each.code) for each in refused.value.mistakes]
    assert found == [
        ("argument 1", "unknown-variable"),
        ("argument 2", "is-secret"),
        ("argument 3", "is-fixed"),
        ("argument 4", "is-address"),
        ("argument 5", "not-one-of"),
        ("argument 6", "no-value"),
        ("argument 8", "given-twice"),
        ("argument 9", "secret-in-clear"),
    ]
    assert refused.value.mistakes[0].remedy == "did you mean 'MODE'?"
    assert "mainstay secrets set TOKEN" in refused.value.mistakes[1].remedy
    assert not project.world.folders.state.exists()


def test_no_assignments_change_nothing(project: Project) -> None:
    assert set_values(project.context, Assignments()) == ()
    assert not project.world.folders.state.exists()
