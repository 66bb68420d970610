"""`set`, `unset`, `secrets set`, `secrets list`, `config`: what they store, show and refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.secrets.settings_file import SettingsFile
from mainstay.errors import BadInput, Mistakes
from mainstay.history.summary import History
from mainstay.manifest.given import unfit
from mainstay.model.secret import Secret, SecretRef
from mainstay.operations.assignments import Assignments, from_arguments, from_file
from mainstay.operations.config import config
from mainstay.operations.plan import manifest_of
from mainstay.operations.secrets_list import list_secrets
from mainstay.operations.secrets_set import require_secrets, set_secrets, settable
from mainstay.operations.set import SettingChange, set_values
from mainstay.operations.unset import unset
from mainstay.planning.facts import look, with_values
from mainstay.planning.given import unused_notes
from mainstay.system.atomic_file import atomic_write
from tests.operations.place import Place

SHOP = """
system: shop
version: 1.0.0
environments: {local: {}, staging: {variables: {GREETING: {default: Welcome}}}}
variables:
  MODE: {one_of: [live, test]}
  REGION: {required: false}
  EVERY: {default: "300"}
  GREETING: {default: "Hello from {version}"}
  DATABASE_URL: {from: db}
  TOKEN: {secret: true, min_length: 5}
  SIGNING: {secret: true, generate: true}
  OPTIONAL: {required: false}
services:
  api: {command: [run], port: 8000, variables: [MODE, REGION, EVERY, GREETING, DATABASE_URL, TOKEN, SIGNING]}
datastores: {db: {kind: postgres, backup: none, because: a test}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, SHOP)


def stored(place: Place) -> dict[str, str]:
    return {name: each.value for name, each in SettingsFile(place.world.folders.settings).read().items()}


def test_what_is_set_is_stored_and_the_change_is_told(place: Place) -> None:
    changes = set_values(place.context, from_arguments(["MODE=live", "REGION=a=b $HOME"]))
    assert changes == (SettingChange("MODE", None, "live"), SettingChange("REGION", None, "a=b $HOME"))
    assert set_values(place.context, from_arguments(["MODE=test", "REGION=a=b $HOME"])) == (
        SettingChange("MODE", "live", "test"),
    )
    assert stored(place) == {"MODE": "test", "REGION": "a=b $HOME"}


def test_a_required_variable_is_not_set_to_nothing(place: Place) -> None:
    set_values(place.context, from_arguments(["REGION="]))
    place.file.write_text(SHOP.replace("MODE: {one_of: [live, test]}", "MODE: {}"))
    with pytest.raises(Mistakes, match="the value of MODE is empty, and a value is required"):
        set_values(place.context, from_arguments(["MODE="]))
    assert stored(place) == {"REGION": ""}


def test_a_dry_run_stores_nothing(place: Place) -> None:
    assert set_values(place.context, from_arguments(["MODE=live"]), dry_run=True) != ()
    assert not place.world.folders.state.exists()
    set_values(place.context, from_arguments(["REGION=north"]))
    assert unset(place.context, ["REGION"], dry_run=True) == (SettingChange("REGION", "north", None),)
    found = settable(place.context)
    assert set_secrets(found, {"TOKEN": Secret("first")}, place.context, dry_run=True)[0].version == 1
    assert (stored(place), place.world.sealed.entries()) == ({"REGION": "north"}, ())


def test_every_mistake_is_told_at_once_and_nothing_is_stored(place: Place) -> None:
    words = ["MOD=x", "TOKEN=x", "EVERY=5", "DATABASE_URL=x", "MODE=x", "REGION", "REGION=1", "REGION=2"]
    words += ["OPTIONAL=https://me:hidden@north.example"]
    with pytest.raises(Mistakes) as refused:
        set_values(place.context, from_arguments(words))
    told = [(str(each.place), each.code) for each in refused.value.mistakes]
    assert told == [
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
    assert not place.world.folders.state.exists()


def test_a_file_is_read_to_the_letter_with_a_line_for_each_mistake(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "shop.env"
    path.write_text("# settings\n\nexport MODE=live # c\nREGION='a $HOME {b}'\n\n\nEVERY=5\n=x\nOPTIONAL\n")
    with pytest.raises(Mistakes) as refused:
        set_values(place.context, from_file(path))
    told = [(each.place.line, each.code) for each in refused.value.mistakes]
    assert told == [(7, "is-fixed"), (8, "no-value"), (9, "no-value")]
    path.write_text('MODE=live\nREGION="two\nlines"\nOPTIONAL=\n')
    set_values(place.context, from_file(path))
    assert stored(place) == {"MODE": "live", "REGION": "two\nlines", "OPTIONAL": ""}


@pytest.mark.parametrize("content", [b"MODE=\xff", None, b"X" * 1_000_001], ids=["not UTF-8", "missing", "too large"])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "shop.env"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"shop\.env"):
        from_file(path)


def test_a_default_that_an_environment_overrides_may_be_set(place: Place) -> None:
    set_values(place.context, from_arguments(["GREETING=Hi {version}"]))
    assert config_of(place)["GREETING"] == ("Hi {version}", "set")
    unset(place.context, ["GREETING"])
    assert config_of(place)["GREETING"] == ("Hello from 1.0.0", "default")


def test_a_stored_value_is_not_used_once_the_manifest_fixes_the_variable(place: Place) -> None:
    set_values(place.context, from_arguments(["REGION=north"]))
    place.file.write_text(SHOP.replace("REGION: {required: false}", "REGION: {default: south}"))
    assert config_of(place)["REGION"] == ("south", "default")
    manifest = manifest_of(place.context)
    (note,) = unused_notes(manifest, with_values(look(place.world, History()), place.world, manifest), [])
    assert note.startswith("the stored value of REGION is not used")
    assert unset(place.context, ["REGION"]) == (SettingChange("REGION", "north", None),)


def test_a_variable_that_a_service_requires_is_not_unset(place: Place) -> None:
    set_values(place.context, from_arguments(["MODE=live"]))
    with pytest.raises(BadInput, match="api cannot run without MODE") as refused:
        unset(place.context, ["MODE"])
    assert "mainstay set MODE=…" in refused.value.remedy
    assert stored(place) == {"MODE": "live"}


@pytest.mark.parametrize(("name", "code"), [("REGIO", "unknown-variable"), ("TOKEN", "is-secret")])
def test_what_cannot_be_unset_is_refused(place: Place, name: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        unset(place.context, [name])
    assert refused.value.code == code


def test_a_value_that_is_no_longer_declared_can_be_unset(place: Place) -> None:
    set_values(place.context, from_arguments(["OPTIONAL=x"]))
    place.file.write_text(SHOP.replace("  OPTIONAL: {required: false}\n", ""))
    assert unset(place.context, ["OPTIONAL"]) == (SettingChange("OPTIONAL", "x", None),)
    assert stored(place) == {}


def test_a_secret_gets_a_new_version_and_the_earlier_one_stays(place: Place) -> None:
    found = settable(place.context)
    assert [set_secrets(found, {"TOKEN": Secret(v)}, place.context)[0].version for v in ("first", "second")] == [1, 2]
    assert not set_secrets(found, {"TOKEN": Secret("second")}, place.context)[0].changed
    assert place.world.sealed.read(SecretRef("TOKEN", 1)).reveal() == "first"


@pytest.mark.threat("S12")
@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        (["TOKEM"], "unknown-variable", "did you mean 'TOKEN'?"),
        (["MODE"], "not-secret", "mainstay set MODE=…"),
        (["TOKEN", "hunter2"], "secret-in-clear", "mainstay secrets set TOKEN"),
        (["TOKEN=hunter2"], "secret-in-clear", "mainstay secrets set TOKEN"),
        (["TOKEN", "hunter2="], "secret-in-clear", "mainstay secrets set TOKEN"),
        (["TOKEN", "hunter2=x"], "secret-in-clear", "mainstay secrets set TOKEN"),
        (["hunter2="], "secret-in-clear", "mainstay secrets set NAME"),
        (["db.owner.password"], "unknown-variable", "use one of: SIGNING, TOKEN"),
    ],
    ids=[
        "a mistyped name",
        "a plain variable",
        "a value as an argument",
        "an assignment",
        "a value that ends in =",
        "a value that contains =",
        "only a value that ends in =",
        "a datastore's password",
    ],
)
def test_only_declared_secrets_are_set_and_no_value_is_repeated(
    place: Place, words: list[str], code: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as refused:
        require_secrets(settable(place.context), words)
    assert refused.value.code == code
    assert refused.value.remedy.startswith(remedy)
    assert "hunter2" not in refused.value.what + refused.value.remedy


def test_several_secrets_are_stored_together_or_not_at_all(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found, written = settable(place.context), list[int]()

    def second_write_fails(path: Path, content: bytes) -> None:
        written.append(len(content))
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        atomic_write(path, content)

    sealed = SealedFile(place.world.folders.sealed, place.world.folders.secret_key)
    sealed.keep("SIGNING", Secret("first"))
    monkeypatch.setattr("mainstay.drivers.secrets.sealed_file.atomic_write", second_write_fails)
    set_secrets(found._replace(sealed=sealed), {"TOKEN": Secret("value"), "SIGNING": Secret("other")}, place.context)
    assert [(each.name, each.version) for each in sealed.entries()] == [("SIGNING", 2), ("TOKEN", 1)]


def test_a_secret_that_another_command_stored_meanwhile_is_reported_as_unchanged(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = SealedFile(place.world.folders.sealed, place.world.folders.secret_key)
    wait_for_lock = sealed._locked

    @contextmanager
    def after_another() -> Iterator[None]:
        monkeypatch.undo()
        sealed.keep("TOKEN", Secret("value"))
        with wait_for_lock():
            yield

    monkeypatch.setattr(sealed, "_locked", after_another)
    found = settable(place.context)._replace(sealed=sealed)
    (change,) = set_secrets(found, {"TOKEN": Secret("value")}, place.context)
    assert (change.version, change.changed) == (1, False)


def test_an_unfit_secret_stores_none_of_them(place: Place) -> None:
    with pytest.raises(BadInput, match="at least 5"):
        set_secrets(settable(place.context), {"SIGNING": Secret("x"), "TOKEN": Secret("abcd")}, place.context)
    assert place.world.sealed.entries() == ()


def test_a_broken_manifest_stops_no_new_version_of_a_stored_secret(place: Place) -> None:
    broken = "system: shop\nversion: [1"
    place.file.write_text(broken)
    with pytest.raises(BadInput):
        settable(place.context)
    place.world.sealed.keep("TOKEN", Secret("first"))
    place.world.sealed.generate("db.owner.password", 43)
    place.world.folders.state.mkdir()
    place.world.folders.environment.write_text(ENVIRONMENT)
    assert list(settable(place.context).variables) == ["TOKEN"]


ENVIRONMENT = '{"system": "shop", "name": "local", "target": "process", "state": "", "keys": ""}'


def test_the_list_shows_every_declared_secret_and_no_value(place: Place) -> None:
    place.world.sealed.keep("TOKEN", Secret("hunter2"))
    place.world.sealed.keep("build.HTTP_PROXY", Secret("hunter2"))
    place.world.sealed.generate("db.owner.password", 43)
    found = {each.name: (each.version, each.origin, each.read_by) for each in list_secrets(place.context)}
    assert found == {
        "TOKEN": (1, "given", ("api",)),
        "SIGNING": (None, "generated", ("api",)),
    }
    assert "hunter2" not in repr(list_secrets(place.context))


def config_of(place: Place) -> dict[str, tuple[str | None, str]]:
    return {each.name: (each.value, each.source) for each in config(place.context, "api").variables}


def test_config_shows_each_variable_with_its_source_and_masks_secrets(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION", "exported")
    set_values(place.context, from_arguments(["MODE=live"]))
    place.world.sealed.keep("TOKEN", Secret("hunter2"))
    found = config_of(place)
    assert (
        found.items()
        >= {
            "MODE": ("live", "set"),
            "REGION": (None, ""),
            "EVERY": ("300", "default"),
            "DATABASE_URL": (None, "db"),
            "TOKEN": (None, "secret"),
            "PATH": ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "mainstay"),
            "PORT": (None, "mainstay"),
            "MAINSTAY_VERSION": ("1.0.0", "mainstay"),
        }.items()
    )
    assert "hunter2" not in repr(config(place.context, "api"))
    with pytest.raises(BadInput, match="no service apo"):
        config(place.context, "apo")


def test_nothing_given_changes_nothing(place: Place) -> None:
    assert set_values(place.context, Assignments()) == ()
    assert not place.world.folders.state.exists()


def test_a_zero_byte_cannot_be_in_a_value(place: Place) -> None:
    why = unfit("SIGNING", settable(place.context).variables["SIGNING"], "a\0b")
    assert why is not None
    assert why.code == "not-a-text"
