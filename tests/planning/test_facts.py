"""A look gathers facts from a real folder and a world on fakes, and changes nothing."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.history.summary import History, LiveRelease
from mainstay.manifest import Manifest, load
from mainstay.model import Secret
from mainstay.planning.facts import look, source_of
from tests.fakes.datastore import FakeDatastore
from tests.fakes.world import fake_world
from tests.shop import release

Write = Callable[[str], Manifest]

SHOP = """
system: shop
version: 1.0.0
variables:
  DATABASE_URL: {from: db}
  API_URL: {from: api}
  LOG_LEVEL: {default: info}
  TOKEN: {secret: true, generate: true}
  REGION: {required: false}
services:
  api:
    source: api
    command: ["{python}", api.py]
    port: 8000
    health: {ready: /ready}
    variables: [DATABASE_URL, LOG_LEVEL, TOKEN, REGION]
    needs: [db]
  web:
    source: web
    command: ["{python}", web.py, "--version={version}"]
    port: 8000
    variables: [API_URL]
datastores:
  db: {kind: postgres, migrations: {sql: migrations}, backup: none, because: a test}
edge:
  routes: [{path: /, service: web}]
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    for name in ("api", "web", "migrations"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)

    def write(text: str = SHOP) -> Manifest:
        (tmp_path / "mainstay.yaml").write_text(text)
        return load(tmp_path / "mainstay.yaml")

    return write


@pytest.fixture
def world(tmp_path: Path) -> World:
    return fake_world(tmp_path, datastores={"db": FakeDatastore()})


def test_look_measures_every_source_once(write: Write, world: World, tmp_path: Path) -> None:
    now = look(world, History(highest=4), write(SHOP.replace("source: web", "source: api")))
    assert {str(source) for source in now.target.sources} == {str(tmp_path / "api"), str(tmp_path / "migrations")}
    assert now.next_number == 5


def test_a_change_of_the_manifest_is_no_change_of_a_source_that_contains_it(write: Write, world: World) -> None:
    text = SHOP.replace("    source: web\n", "")
    before, after = (
        look(world, History(), write(each)).target.sources for each in (text, text.replace("8000", "9000"))
    )
    assert before == after


@pytest.mark.parametrize(
    ("folder", "apart"),
    [
        (".", ("/a\\[b\\]/mainstay.yaml", "/a\\[b\\]/mainstay.schema.json")),
        ("a[b]", ("/mainstay.yaml", "/mainstay.schema.json")),
        ("web", ()),
    ],
    ids=["above the manifest", "beside the manifest", "without the manifest"],
)
def test_the_manifest_is_named_as_its_source_names_it(folder: str, apart: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("a[b]", "web"):
        (tmp_path / name).mkdir()
    text = f"system: shop\nversion: 1.0.0\nservices: {{web: {{command: [x], source: '../{folder}'}}}}\n"
    (tmp_path / "a[b]" / "mainstay.yaml").write_text(text)
    assert source_of(load(tmp_path / "a[b]" / "mainstay.yaml"), "web").apart == apart


def test_look_changes_nothing(write: Write, world: World, tmp_path: Path) -> None:
    manifest = write(SHOP)
    before = sorted(tmp_path.rglob("*"))
    assert look(world, History(), manifest) == look(world, History(), manifest)
    assert sorted(tmp_path.rglob("*")) == before


def test_stored_and_exported_values_are_seen_and_what_every_shell_exports_is_not(
    write: Write, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"REGION": "north", "LOG_LEVEL": "debug", "EMPTY": "", "TOKEN": "y"}.items():
        monkeypatch.setenv(name, value)
    world.sealed.keep("TOKEN", Secret("x"))
    world.folders.state.mkdir()
    SettingsFile(world.folders.settings).change({"MODE": Setting("a", "", "")})
    now = look(world, History(), write(SHOP.replace("variables:\n", "variables:\n  HOME: {}\n  EMPTY: {}\n", 1)))
    assert now.exported == {"REGION": "north", "LOG_LEVEL": "debug"}
    assert (now.settings, now.secrets) == ({"MODE": "a"}, {"TOKEN": 1})
    assert Path(now.target.python).is_file()


def test_while_no_datastore_runs_every_migration_is_pending(write: Write, world: World) -> None:
    schema = look(world, History(), write(SHOP)).datastores["db"].schema
    assert (schema.pending, schema.reachable) == (("0001_orders",), False)


def test_while_a_datastore_is_stopped_its_schema_is_what_the_history_proves(write: Write, tmp_path: Path) -> None:
    store = FakeDatastore(migrations=("0001_orders", "0002_users", "0003_items"))
    world = fake_world(tmp_path, datastores={"db": store})
    live = msgspec.Raw(msgspec.json.encode({"release": release(1)}))
    record = History(live=LiveRelease(1, "1", ""), documents={1: live})
    schema = look(world, record, write(SHOP)).datastores["db"].schema
    assert (schema.revision, schema.pending, schema.reachable) == (
        "0001_orders", ("0002_users", "0003_items"), False
    )  # fmt: skip
    schema = look(world, replace(record, schemas={"db": "0002_users"}), write(SHOP)).datastores["db"].schema
    assert (schema.revision, schema.pending) == ("0002_users", ("0003_items",))


def test_look_without_a_manifest_returns_the_live_release_and_datastores(world: World) -> None:
    now = look(world, History())
    assert (now.release, now.target.sources, now.datastores["db"].kind) == (None, {}, "memory")


def test_a_link_that_leads_out_of_a_source_is_refused(write: Write, world: World, tmp_path: Path) -> None:
    (tmp_path / "web" / "out").symlink_to("/etc/hostname")
    with pytest.raises(BadInput, match="points outside"):
        look(world, History(), write(SHOP))
