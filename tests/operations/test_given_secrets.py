"""Values given to a command: none is stored while planning, a run stores them, what has a value keeps it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.engine.runner import Runner
from mainstay.errors import BadInput
from mainstay.history.summary import History
from mainstay.model import Secret, SecretRef
from mainstay.operations.given_secrets import differing_secrets, store, with_given_secrets
from mainstay.operations.manifest import manifest_of
from mainstay.operations.session import begin
from mainstay.planning.facts import Snapshot, look
from mainstay.planning.given import new_values, require_values, stored_notes, unused_notes
from mainstay.planning.plan import NewValues
from tests.fakes.journal import MemoryJournal
from tests.fakes.power import Power, PowerCut, PoweredJournal
from tests.fakes.secrets import FakeSecrets
from tests.operations.project import Project
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
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, SHOP)


def gives(project: Project, **values: str) -> None:
    """Let the command be given secrets."""
    project.sources = (FakeSecrets({}), FakeSecrets({name: Secret(value) for name, value in values.items()}))


def seen(project: Project, **exported: str) -> Snapshot:
    """What a plan is made from."""
    manifest = manifest_of(project.context)
    now = replace(look(project.world, History(), manifest), exported=exported)
    return with_given_secrets(now, manifest, project.context)


def planned(project: Project, **exported: str) -> NewValues:
    """The values that a run stores which is planned now."""
    return new_values(manifest_of(project.context), seen(project, **exported), ["db.writer.password"])


def unused(project: Project, **exported: str) -> list[str]:
    """The notes on given values that a plan does not use."""
    now, manifest = seen(project, **exported), manifest_of(project.context)
    other = differing_secrets(now, manifest, project.world.sealed, project.context.wiring.secret_sources())
    return list(unused_notes(manifest, now, other))


def begun(project: Project, **exported: str) -> NewValues:
    """Let a run begin that is planned now."""
    values = planned(project, **exported)
    project.world.folders.state.mkdir(exist_ok=True)
    store(values, project.world, project.context, "ann")
    return values


def value(project: Project, name: str) -> str:
    return project.world.sealed.read(SecretRef(name)).reveal()


def test_a_plan_stores_nothing(project: Project) -> None:
    gives(project, TOKEN="given once")
    assert seen(project, REGION="north").offered == {"TOKEN"}
    assert project.world.sealed.entries() == ()
    assert not project.world.folders.state.exists()


def test_a_run_stores_given_values_and_generates_the_rest_once(project: Project) -> None:
    gives(project, TOKEN="given once", UNREAD="read by none")
    values = begun(project, REGION="north")
    assert (values.given, values.settings) == (("TOKEN",), {"REGION": "north"})
    assert value(project, "TOKEN") == "given once"
    assert [len(value(project, name)) for name in values.generate] == [43, 64, 43]
    assert list(values.generate) == ["OTHER", "SIGNING", "db.writer.password"]
    assert project.stored() == {"REGION": "north"}
    assert begun(project, REGION="south") == NewValues()


def test_a_stored_value_is_kept_and_a_different_exported_one_is_reported(project: Project) -> None:
    gives(project, TOKEN="given once")
    begun(project, REGION="north")
    assert unused(project, REGION="north", EVERY="300") == [], "exported values that equal the stored ones"
    gives(project, TOKEN="given again", SIGNING="mine")
    ignored = "is exported in this shell with another value than the stored one; the stored value is used."
    assert unused(project, REGION="south", EVERY="5") == [
        f"SIGNING {ignored} To change it: mainstay secrets set SIGNING",
        f"TOKEN {ignored} To change it: mainstay secrets set TOKEN",
        "EVERY has a fixed default in the manifest; the exported value is ignored",
        f"REGION {ignored} To change it: mainstay set REGION=…",
    ]
    assert value(project, "TOKEN") == "given once"


def test_a_value_that_another_command_stored_meanwhile_is_kept(project: Project) -> None:
    gives(project, TOKEN="given once")
    values = planned(project)
    project.world.sealed.keep("TOKEN", Secret("set meanwhile"))
    store(values, project.world, project.context, "ann")
    assert (value(project, "TOKEN"), project.world.sealed.present("TOKEN")) == ("set meanwhile", 1)


def test_a_secret_that_would_be_generated_can_be_given_instead(project: Project) -> None:
    gives(project, TOKEN="given once", OTHER="from an older system")
    assert "OTHER" not in begun(project).generate
    assert value(project, "OTHER") == "from an older system"


def test_a_plan_lists_the_values_that_its_run_stores(project: Project) -> None:
    gives(project, TOKEN="given once")
    assert list(stored_notes(planned(project, REGION="north"), manifest_of(project.context))) == [
        "generated and stored when the run begins: OTHER, SIGNING",
        "stored when the run begins, as given to this command: TOKEN, REGION",
    ]


def test_all_missing_values_are_reported_together_with_one_remedy_per_kind(project: Project) -> None:
    with pytest.raises(BadInput) as missing:
        require_values(manifest_of(project.context), seen(project))
    assert missing.value.what == "no value for 2 variables: REGION (read by api), TOKEN (a secret, read by api, web)"
    assert missing.value.remedy == "mainstay secrets set TOKEN\nmainstay set REGION=…"
    gives(project, TOKEN="given once")
    with pytest.raises(BadInput, match=r"^no value for 1 variable: REGION \(read by api\)$") as missing:
        require_values(manifest_of(project.context), seen(project))
    assert missing.value.code == "variable-missing"


def test_the_user_is_prompted_only_for_missing_secrets(project: Project) -> None:
    project.prompt = FakeSecrets({name: Secret("typed by a person") for name in ("TOKEN", "MODE", "OTHER")})
    assert seen(project).offered == set(), "REGION is missing too, so answers would be useless"
    assert seen(project, REGION="north").offered == {"TOKEN"}
    begun(project, REGION="north")
    assert value(project, "TOKEN") == "typed by a person"


@pytest.mark.parametrize(
    ("name", "unfit", "code"),
    [
        pytest.param("TOKEN", "123456789", "secret-too-short", id="too short"),
        pytest.param("MODE", "unheard of", "not-one-of", id="not one of those allowed"),
        pytest.param("TOKEN", "x" * 140_000, "too-long", id="too long for a process"),
    ],
)
def test_an_invalid_secret_is_refused_and_not_shown(project: Project, name: str, unfit: str, code: str) -> None:
    gives(project, **{"TOKEN": "given once", name: unfit})
    with pytest.raises(BadInput, match=name) as refused:
        seen(project)
    assert refused.value.code == code
    assert unfit not in refused.value.what + refused.value.remedy


@pytest.mark.parametrize(
    ("exported", "code"),
    [({"COLOUR": "blue"}, "not-one-of"), ({"REGION": "https://me:hidden@north.example"}, "secret-in-clear")],
    ids=["not one of those allowed", "an address with a password"],
)
def test_an_invalid_exported_value_is_refused(project: Project, exported: dict[str, str], code: str) -> None:
    gives(project, TOKEN="given once")
    with pytest.raises(BadInput) as refused:
        require_values(manifest_of(project.context), seen(project, **{"REGION": "north"} | exported))
    assert refused.value.code == code
    assert "hidden" not in refused.value.what + refused.value.remedy


def test_values_are_stored_before_the_run_is_journalled(project: Project) -> None:
    gives(project, TOKEN="given once")
    plan = replace(first_plan(), values=planned(project, REGION="north"), environment=project.world.environment)
    project.world.folders.state.mkdir()
    runner = Runner.here(project.world.clock)
    with pytest.raises(PowerCut):
        begin(plan, PoweredJournal(MemoryJournal(), Power(cut_at=1)), project.context, runner)
    assert project.world.folders.environment.exists(), "it records where the key of the secrets is"
    assert value(project, "TOKEN") == "given once"
    assert project.stored() == {"REGION": "north"}
    assert begun(project, REGION="south") == NewValues()


def test_an_invalid_typed_secret_is_refused_with_the_command_that_sets_it(project: Project) -> None:
    project.prompt = FakeSecrets({"TOKEN": Secret("abc")})
    with pytest.raises(BadInput) as refused:
        seen(project, REGION="north", MODE="live")
    assert refused.value.remedy == "mainstay secrets set TOKEN"
