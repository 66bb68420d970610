"""`secrets list` and `secrets set`: every secret and no value; new versions, and what is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.errors import BadInput
from mainstay.manifest.given import unfit
from mainstay.model import Secret, SecretRef
from mainstay.operations.context import write_environment
from mainstay.operations.secrets import list_secrets, require_secrets, set_secrets, settable
from mainstay.system.atomic_file import atomic_write
from tests.operations.project import Project


def test_the_list_shows_every_declared_secret_and_no_value(project: Project) -> None:
    project.world.sealed.keep("TOKEN", Secret("hunter2"))
    project.world.sealed.keep("build.HTTP_PROXY", Secret("hunter2"))
    project.world.sealed.generate("db.owner.password", 43)
    found = {each.name: (each.version, each.origin, each.read_by) for each in list_secrets(project.context)}
    assert found == {"TOKEN": (1, "given", ("api",)), "SIGNING": (None, "generated", ("api",))}
    assert "hunter2" not in repr(list_secrets(project.context))


def test_a_secret_gets_a_new_version_and_the_earlier_one_stays(project: Project) -> None:
    found = settable(project.context)
    assert [set_secrets(found, {"TOKEN": Secret(v)}, project.context)[0].version for v in ("first", "second")] == [1, 2]
    assert not set_secrets(found, {"TOKEN": Secret("second")}, project.context)[0].changed
    assert project.world.sealed.read(SecretRef("TOKEN", 1)).reveal() == "first"


@pytest.mark.threat("S12")
@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        pytest.param("TOKEM", "unknown-variable", "did you mean 'TOKEN'?", id="a mistyped name"),
        pytest.param("MODE", "not-secret", "mainstay set MODE=…", id="a plain variable"),
        pytest.param("TOKEN hunter2", "secret-in-clear", "mainstay secrets set TOKEN", id="a value as an argument"),
        pytest.param("TOKEN=hunter2", "secret-in-clear", "mainstay secrets set TOKEN", id="an assignment"),
        pytest.param("TOKEN hunter2=", "secret-in-clear", "mainstay secrets set TOKEN", id="a value that ends in ="),
        pytest.param("TOKEN hunter2=x", "secret-in-clear", "mainstay secrets set TOKEN", id="a value that contains ="),
        pytest.param("hunter2=", "secret-in-clear", "mainstay secrets set NAME", id="only a value that ends in ="),
        pytest.param(
            "db.owner.password", "unknown-variable", "use one of: SIGNING, TOKEN", id="a datastore's password"
        ),
    ],
)
def test_only_declared_secrets_are_set_and_no_value_is_repeated(
    project: Project, words: str, code: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as refused:
        require_secrets(settable(project.context), words.split())
    assert refused.value.code == code
    assert refused.value.remedy.startswith(remedy)
    assert "hunter2" not in refused.value.what + refused.value.remedy


def test_several_secrets_are_stored_together_or_not_at_all(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found, written = settable(project.context), list[int]()

    def second_write_fails(path: Path, content: bytes) -> None:
        written.append(len(content))
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        atomic_write(path, content)

    sealed = SealedFile(project.world.folders.sealed, project.world.folders.secret_key)
    sealed.keep("SIGNING", Secret("first"))
    monkeypatch.setattr("mainstay.drivers.secrets.sealed_file.atomic_write", second_write_fails)
    set_secrets(found._replace(sealed=sealed), {"TOKEN": Secret("value"), "SIGNING": Secret("other")}, project.context)
    assert [(each.name, each.version) for each in sealed.entries()] == [("SIGNING", 2), ("TOKEN", 1)]


def test_a_secret_that_another_command_stored_meanwhile_is_reported_as_unchanged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = SealedFile(project.world.folders.sealed, project.world.folders.secret_key)
    wait_for_lock = sealed._locked

    @contextmanager
    def after_another() -> Iterator[None]:
        monkeypatch.undo()
        sealed.keep("TOKEN", Secret("value"))
        with wait_for_lock():
            yield

    monkeypatch.setattr(sealed, "_locked", after_another)
    found = settable(project.context)._replace(sealed=sealed)
    (change,) = set_secrets(found, {"TOKEN": Secret("value")}, project.context)
    assert (change.version, change.changed) == (1, False)


def test_an_invalid_secret_prevents_storing_the_others(project: Project) -> None:
    with pytest.raises(BadInput, match="at least 5"):
        set_secrets(settable(project.context), {"SIGNING": Secret("x"), "TOKEN": Secret("abcd")}, project.context)
    assert project.world.sealed.entries() == ()


def test_a_stored_secret_can_be_set_although_the_manifest_is_broken(project: Project) -> None:
    project.file.write_text("system: shop\nversion: [1")
    with pytest.raises(BadInput):
        settable(project.context)
    project.world.sealed.keep("TOKEN", Secret("first"))
    project.world.sealed.generate("db.owner.password", 43)
    project.world.folders.state.mkdir()
    write_environment(project.world.environment, project.world.folders)
    assert list(settable(project.context).variables) == ["TOKEN"]


def test_a_zero_byte_cannot_be_in_a_value(project: Project) -> None:
    why = unfit("SIGNING", settable(project.context).variables["SIGNING"], "a\0b")
    assert why is not None
    assert why.code == "not-a-text"
