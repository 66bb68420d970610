"""Whether the manifest has changed: an edit, a source or a value changes it, Mainstay and the machine do not."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Schema
from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.model.secret import Secret
from mainstay.planning.declared import declared
from tests.planning.test_facts import SHOP
from tests.planning.test_resolve import Place, place

__all__ = ["place"]


def of(place: Place, text: str = SHOP) -> str:
    manifest = place.manifest(text)
    return declared(manifest, place.now(manifest))


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ("1.0.0", "1.0.1"),
        ("{default: info}", "{default: debug}"),
        ("port: 8000", "port: 8001"),
        ("path: /", "path: /a"),
    ],
)
def test_the_fingerprint_changes_with_the_manifest(place: Place, written: str, edited: str) -> None:
    assert of(place, SHOP.replace(written, edited)) != of(place)


def test_the_fingerprint_does_not_change_with_a_comment(place: Place) -> None:
    assert of(place, SHOP + "# for the third floor\n") == of(place)


@pytest.mark.parametrize("source", ["api", "web", "migrations"])
def test_the_fingerprint_changes_with_a_source_or_a_migration(place: Place, source: str) -> None:
    before = of(place)
    (place.folder / source / "file").write_text("edited")
    assert of(place) != before


def set_region(place: Place) -> None:
    place.world.folders.state.mkdir(exist_ok=True)
    SettingsFile(place.world.folders.settings).add({"REGION": Setting("north", "2026-01-05T12:00:00+00:00", "ada")})


def rotate(place: Place) -> None:
    place.world.sealed.keep("TOKEN", Secret("another"))


@pytest.mark.parametrize("change", [set_region, rotate])
def test_the_fingerprint_changes_with_the_value_of_a_variable_that_is_read(
    place: Place, change: Callable[[Place], None]
) -> None:
    before = of(place)
    change(place)
    assert of(place) != before


def test_the_fingerprint_does_not_depend_on_the_interpreter_the_database_and_its_schema(place: Place) -> None:
    manifest = place.manifest()
    now = place.now(manifest)
    facts = replace(now.datastores["db"], version="19.1", schema=Schema("0007_more"))
    other = replace(
        now, target=replace(now.target, python="/usr/bin/python3.99"), datastores={"db": facts}, next_number=9
    )
    assert declared(manifest, other) == declared(manifest, now)


def test_the_fingerprint_is_the_same_before_and_after_a_generated_secret_is_stored(place: Place) -> None:
    manifest = place.manifest()
    now = place.now(manifest)
    assert declared(manifest, replace(now, secrets={})) == declared(manifest, now)
