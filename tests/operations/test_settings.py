"""`set` and `unset`: what they store, remove and refuse."""

from pathlib import Path

import pytest

from mainstay.errors import BadInput, Mistakes
from mainstay.model import Secret
from mainstay.operations.assignments import Assignments, from_arguments, from_file
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


def test_a_dry_run_and_no_assignments_store_nothing(project: Project) -> None:
    assert set_values(project.context, Assignments()) == ()
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


def test_a_variable_that_a_service_requires_cannot_be_unset(project: Project) -> None:
    set_values(project.context, from_arguments(["MODE=live"]))
    with pytest.raises(BadInput, match="api cannot run without MODE") as refused:
        unset(project.context, ["MODE"])
    assert "mainstay set MODE=…" in refused.value.remedy
    assert project.stored() == {"MODE": "live"}


@pytest.mark.parametrize(("name", "code"), [("REGIO", "unknown-variable"), ("TOKEN", "is-secret")])
def test_unknown_variables_and_secrets_cannot_be_unset(project: Project, name: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        unset(project.context, [name])
    assert refused.value.code == code


def test_a_value_that_is_no_longer_declared_can_be_unset(project: Project) -> None:
    set_values(project.context, from_arguments(["OPTIONAL=x"]))
    project.file.write_text(SHOP.replace("  OPTIONAL: {required: false}\n", ""))
    assert unset(project.context, ["OPTIONAL"]) == (SettingChange("OPTIONAL", "x", None),)
    assert project.stored() == {}


def test_a_file_is_read_literally_and_each_mistake_has_its_line(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "shop.env"
    path.write_text("# settings\n\nexport MODE=live # c\nREGION='a $HOME {b}'\n\n\nEVERY=5\n=x\nOPTIONAL\n")
    with pytest.raises(Mistakes) as refused:
        set_values(project.context, from_file(path))
    found = [(each.place.line, each.code) for each in refused.value.mistakes]
    assert found == [(7, "is-fixed"), (8, "no-value"), (9, "no-value")]
    path.write_text('MODE=live\nREGION="two\nlines"\nOPTIONAL=\n')
    set_values(project.context, from_file(path))
    assert project.stored() == {"MODE": "live", "REGION": "two\nlines", "OPTIONAL": ""}


@pytest.mark.parametrize("content", [b"MODE=\xff", None, b"X" * 1_000_001], ids=["not UTF-8", "missing", "too large"])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "shop.env"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"shop\.env"):
        from_file(path)
