"""Secrets are brought in before a plan is made: from where, how long, and what is said of those that are missing."""

from pathlib import Path

import pytest

from mainstay.errors import BadInput
from mainstay.operations.secrets import bring_in
from mainstay.sealed import Secret, SecretRef
from mainstay.secrets import SecretSource
from mainstay.world import World
from tests.fakes.datastore import FakeDatastore
from tests.fakes.secrets import FakeSecrets
from tests.fakes.world import fake_world
from tests.manifest.written import HELLO, loaded

SHOP = """
system: shop
version: 1.0.0
variables:
  TOKEN: {secret: true, min_length: 10}
  MODE: {secret: true, one_of: [live, test], required: false}
  SIGNING: {secret: true, generate: true, min_length: 64}
  OTHER: {secret: true, generate: true}
  OPEN: {required: false}
  UNREAD: {secret: true}
services:
  api: {command: [run], variables: [TOKEN, MODE]}
  web: {command: [run], variables: [TOKEN, SIGNING, OTHER, OPEN]}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return fake_world(tmp_path, datastores={"db": FakeDatastore()})


def bring(world: World, *values: dict[str, str], manifest: str = SHOP) -> None:
    """Bring in what *manifest* needs, from one source for each of *values*."""
    folder = Path(world.environment.state)
    folder.mkdir(exist_ok=True)
    sources: list[SecretSource] = [
        FakeSecrets({name: Secret(value) for name, value in source.items()}) for source in values
    ]
    bring_in(loaded(folder, manifest), world, sources)


def value(world: World, name: str) -> str:
    return world.sealed.read(SecretRef(name)).reveal()


def test_the_first_source_that_has_a_value_counts(world: World) -> None:
    bring(world, {}, {"TOKEN": "from the second"}, {"TOKEN": "from the third"})
    assert value(world, "TOKEN") == "from the second"


def test_what_was_brought_once_is_not_asked_for_again_and_a_new_value_takes_its_place(world: World) -> None:
    bring(world, {"TOKEN": "given once"})
    bring(world)
    assert value(world, "TOKEN") == "given once"
    bring(world, {"TOKEN": "given again"})
    assert value(world, "TOKEN") == "given again"


def test_what_is_generated_holds_256_bits_or_as_many_characters_as_are_wanted_and_stays(world: World) -> None:
    bring(world, {"TOKEN": "given once"})
    names = ("SIGNING", "OTHER", "db.owner.password", "db.application.password")
    made = [value(world, name) for name in names]
    assert [len(each) for each in made] == [64, 43, 43, 43]
    bring(world, {"SIGNING": "from outside"})
    assert [value(world, name) for name in names] == made


def test_what_is_not_read_is_not_needed_and_what_is_no_secret_is_not_sealed(world: World) -> None:
    bring(world, {"TOKEN": "given once", "UNREAD": "never asked", "OPEN": "for all to see"})
    assert [world.sealed.present(name) for name in ("TOKEN", "UNREAD", "OPEN", "MODE")] == [1, None, None, None]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("[ONE]", "a secret has no value: ONE (web)"),
        ("[TWO, ONE]", "2 secrets have no value: ONE (web), TWO (web)"),
    ],
)
def test_all_that_are_missing_are_named_at_once_with_who_reads_them(world: World, variables: str, told: str) -> None:
    secrets = "variables: {ONE: {secret: true}, TWO: {secret: true}}\n"
    services = f"services:\n  api: {{command: [run]}}\n  web:\n    variables: {variables}"
    with pytest.raises(BadInput) as missing:
        bring(world, manifest=secrets + HELLO.replace("services:\n  web:", services))
    assert (missing.value.what, missing.value.code) == (told, "secret-missing")
    assert missing.value.remedy.endswith(": ONE=… mainstay deploy")


@pytest.mark.parametrize(
    ("name", "unfit", "code"),
    [("TOKEN", "123456789", "secret-too-short"), ("MODE", "unheard of", "not-one-of")],
    ids=["too short", "not one of those allowed"],
)
def test_a_value_that_is_not_allowed_is_refused_unshown_and_not_kept(
    world: World, name: str, unfit: str, code: str
) -> None:
    with pytest.raises(BadInput, match=name) as refused:
        bring(world, {"TOKEN": "given once", name: unfit})
    assert refused.value.code == code
    assert unfit not in refused.value.what + refused.value.remedy
    assert world.sealed.present(name) is None
