"""Values given to a command: none is stored while planning, a run stores them, what has a value keeps it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.secrets.settings_file import SettingsFile
from mainstay.engine.runner import Runner
from mainstay.errors import BadInput
from mainstay.history.summary import History
from mainstay.model.secret import Secret, SecretRef
from mainstay.operations.plan import manifest_of
from mainstay.operations.secrets import differing, store, with_offers
from mainstay.operations.session import begin
from mainstay.planning.facts import Snapshot, look
from mainstay.planning.given import new_values, require_values, stored_notes, unused_notes
from mainstay.planning.plan import NewValues
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.fakes.secrets import FakeSecrets
from tests.operations.place import Place
from tests.shop import first_plan

SHOP = """
system: shop
version: 1.0.0
variables:
  TOKEN: {secret: true, min_length: 10}
  MODE: {secret: true, one_of: [live, test], required: false}
  SIGNING: {secret: true, generate: true, min_length: 64}
  OTHER: {secret: true, generate: true}
  REGION: {}
  COLOUR: {required: false, one_of: [red, green]}
  EVERY: {default: "300"}
  UNREAD: {secret: true}
services:
  api: {command: [run], variables: [TOKEN, MODE, REGION]}
  web: {command: [run], variables: [TOKEN, SIGNING, OTHER, COLOUR, EVERY]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, SHOP)


def gives(place: Place, **values: str) -> None:
    """Let the command be given secrets."""
    place.sources = (FakeSecrets({}), FakeSecrets({name: Secret(value) for name, value in values.items()}))


def seen(place: Place, **exported: str) -> Snapshot:
    """What a plan is made from."""
    manifest = manifest_of(place.context)
    now = replace(look(place.world, History(), manifest), exported=exported)
    return with_offers(now, manifest, place.context)


def begun(place: Place, **exported: str) -> NewValues:
    """Let a run begin that is planned now."""
    manifest = manifest_of(place.context)
    values = new_values(manifest, seen(place, **exported), ["db.writer.password"])
    place.world.folders.state.mkdir(exist_ok=True)
    store(values, place.world, place.context, "ann")
    return values


def value(place: Place, name: str) -> str:
    return place.world.sealed.read(SecretRef(name)).reveal()


def settings(place: Place) -> dict[str, str]:
    return {name: each.value for name, each in SettingsFile(place.world.folders.settings).read().items()}


def test_a_plan_stores_nothing(place: Place) -> None:
    gives(place, TOKEN="given once")
    assert seen(place, REGION="north").offered == {"TOKEN"}
    assert place.world.sealed.entries() == ()
    assert not place.world.folders.state.exists()


def test_a_run_stores_what_it_is_given_and_generates_the_rest_once(place: Place) -> None:
    gives(place, TOKEN="given once", UNREAD="read by none")
    values = begun(place, REGION="north")
    assert (values.given, values.settings) == (("TOKEN",), {"REGION": "north"})
    assert value(place, "TOKEN") == "given once"
    assert [len(value(place, name)) for name in values.generate] == [43, 64, 43]
    assert list(values.generate) == ["OTHER", "SIGNING", "db.writer.password"]
    assert settings(place) == {"REGION": "north"}
    assert begun(place, REGION="south") == NewValues()


def test_what_has_a_value_keeps_it_and_the_other_one_is_named(place: Place) -> None:
    gives(place, TOKEN="given once")
    begun(place, REGION="north")
    gives(place, TOKEN="given again", SIGNING="mine")
    now, manifest = seen(place, REGION="south", EVERY="5"), manifest_of(place.context)
    other = differing(now, manifest, place.world.sealed, place.context.wiring.secret_sources())
    ignored = "is exported in this shell with another value than the stored one; the stored value is used."
    assert list(unused_notes(manifest, now, other)) == [
        f"SIGNING {ignored} To change it: mainstay secrets set SIGNING",
        f"TOKEN {ignored} To change it: mainstay secrets set TOKEN",
        "EVERY has a fixed default in the manifest; the exported value is ignored",
        f"REGION {ignored} To change it: mainstay set REGION=…",
    ]
    assert value(place, "TOKEN") == "given once"


def test_an_equal_exported_value_is_not_worth_a_word(place: Place) -> None:
    gives(place, TOKEN="given once")
    begun(place, REGION="north")
    now, manifest = seen(place, REGION="north", EVERY="300"), manifest_of(place.context)
    other = differing(now, manifest, place.world.sealed, place.context.wiring.secret_sources())
    assert list(unused_notes(manifest, now, other)) == []


def test_a_value_that_another_command_stored_meanwhile_stays(place: Place) -> None:
    gives(place, TOKEN="given once")
    values = new_values(manifest_of(place.context), seen(place), [])
    place.world.sealed.keep("TOKEN", Secret("set meanwhile"))
    store(values, place.world, place.context, "ann")
    assert (value(place, "TOKEN"), place.world.sealed.present("TOKEN")) == ("set meanwhile", 1)


def test_a_secret_that_would_be_generated_may_be_given_instead(place: Place) -> None:
    gives(place, TOKEN="given once", OTHER="from an older system")
    assert "OTHER" not in begun(place).generate
    assert value(place, "OTHER") == "from an older system"


def test_a_plan_names_what_its_run_stores(place: Place) -> None:
    gives(place, TOKEN="given once")
    manifest = manifest_of(place.context)
    values = new_values(manifest, seen(place, REGION="north"), ["db.writer.password"])
    assert list(stored_notes(values, manifest)) == [
        "generated and stored when the run begins: OTHER, SIGNING",
        "stored when the run begins, as given to this command: TOKEN, REGION",
    ]


def test_all_missing_values_are_named_at_once_with_one_remedy_of_each_kind(place: Place) -> None:
    with pytest.raises(BadInput) as missing:
        require_values(manifest_of(place.context), seen(place))
    assert missing.value.what == "2 variables have no value: REGION (read by api), TOKEN (a secret, read by api, web)"
    assert missing.value.remedy == "mainstay secrets set TOKEN\nmainstay set REGION=…"
    gives(place, TOKEN="given once")
    with pytest.raises(BadInput) as missing:
        require_values(manifest_of(place.context), seen(place))
    assert (missing.value.what, missing.value.code) == (
        "a variable has no value: REGION (read by api)",
        "variable-missing",
    )


def test_a_person_is_asked_only_for_secrets_that_are_missing(place: Place) -> None:
    place.prompt = FakeSecrets({name: Secret("typed by a person") for name in ("TOKEN", "MODE", "OTHER")})
    assert seen(place).offered == set(), "REGION is missing too, so that answers would be in vain"
    assert seen(place, REGION="north").offered == {"TOKEN"}
    begun(place, REGION="north")
    assert value(place, "TOKEN") == "typed by a person"


@pytest.mark.parametrize(
    ("name", "unfit", "code"),
    [
        ("TOKEN", "123456789", "secret-too-short"),
        ("MODE", "unheard of", "not-one-of"),
        ("TOKEN", "x" * 140_000, "too-long"),
    ],
    ids=["too short", "not one of those allowed", "too long for a process"],
)
def test_a_secret_that_does_not_fit_is_refused_and_not_shown(place: Place, name: str, unfit: str, code: str) -> None:
    gives(place, **{"TOKEN": "given once", name: unfit})
    with pytest.raises(BadInput, match=name) as refused:
        seen(place)
    assert refused.value.code == code
    assert unfit not in refused.value.what + refused.value.remedy


@pytest.mark.parametrize(
    ("exported", "code"),
    [({"COLOUR": "blue"}, "not-one-of"), ({"REGION": "https://me:hidden@north.example"}, "secret-in-clear")],
    ids=["not one of those allowed", "an address with a password"],
)
def test_an_exported_value_that_does_not_fit_is_refused(place: Place, exported: dict[str, str], code: str) -> None:
    gives(place, TOKEN="given once")
    with pytest.raises(BadInput) as refused:
        require_values(manifest_of(place.context), seen(place, **{"REGION": "north"} | exported))
    assert refused.value.code == code
    assert "hidden" not in refused.value.what + refused.value.remedy


def test_values_are_stored_before_the_run_is_journalled(place: Place) -> None:
    gives(place, TOKEN="given once")
    manifest = manifest_of(place.context)
    values = new_values(manifest, seen(place, REGION="north"), ["db.writer.password"])
    plan = replace(first_plan(), values=values, environment=place.world.environment)
    place.world.folders.state.mkdir()
    runner = Runner.here(place.world.clock)
    with pytest.raises(PowerCut):
        begin(plan, PoweredJournal(MemoryJournal(), Power(cut_at=1)), place.context, runner)
    assert place.world.folders.environment.exists(), "it says where the key of the secrets is"
    assert value(place, "TOKEN") == "given once"
    assert settings(place) == {"REGION": "north"}
    assert begun(place, REGION="south") == NewValues()
