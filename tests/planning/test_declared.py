"""Whether the manifest has changed: an edit, a source or a value changes it, Mainstay and the machine do not."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Schema
from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.model import Secret
from mainstay.planning.declared import declared
from tests.planning.test_facts import SHOP
from tests.planning.test_resolve import Project, project

__all__ = ["project"]


def of(project: Project, text: str = SHOP) -> str:
    manifest = project.manifest(text)
    return declared(manifest, project.now(manifest))


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ("1.0.0", "1.0.1"),
        ("{default: info}", "{default: debug}"),
        ("port: 8000", "port: 8001"),
        ("path: /", "path: /a"),
    ],
)
def test_the_fingerprint_changes_with_the_manifest(project: Project, written: str, edited: str) -> None:
    assert of(project, SHOP.replace(written, edited)) != of(project)


def test_the_fingerprint_does_not_change_with_a_comment(project: Project) -> None:
    assert of(project, SHOP + "# for the third floor\n") == of(project)


@pytest.mark.parametrize("source", ["api", "web", "migrations"])
def test_the_fingerprint_changes_with_a_source_or_a_migration(project: Project, source: str) -> None:
    before = of(project)
    (project.folder / source / "file").write_text("edited")
    assert of(project) != before


def set_region(project: Project) -> None:
    project.world.folders.state.mkdir(exist_ok=True)
    SettingsFile(project.world.folders.settings).add({"REGION": Setting("north", "2026-01-05T12:00:00+00:00", "ada")})


def rotate(project: Project) -> None:
    project.world.sealed.keep("TOKEN", Secret("another"))


@pytest.mark.parametrize("change", [set_region, rotate])
def test_the_fingerprint_changes_with_the_value_of_a_variable_that_is_read(
    project: Project, change: Callable[[Project], None]
) -> None:
    before = of(project)
    change(project)
    assert of(project) != before


def test_the_fingerprint_does_not_depend_on_the_interpreter_the_database_and_its_schema(project: Project) -> None:
    manifest = project.manifest()
    now = project.now(manifest)
    facts = replace(now.datastores["db"], version="19.1", schema=Schema("0007_more"))
    other = replace(
        now, target=replace(now.target, python="/usr/bin/python3.99"), datastores={"db": facts}, next_number=9
    )
    assert declared(manifest, other) == declared(manifest, now)


def test_the_fingerprint_is_the_same_before_and_after_a_generated_secret_is_stored(project: Project) -> None:
    manifest = project.manifest()
    now = project.now(manifest)
    assert declared(manifest, replace(now, secrets={})) == declared(manifest, now)
